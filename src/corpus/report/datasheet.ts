/** Placeholder until merged. */
import type { CorpusReport } from './data.js';
export function renderDatasheet(report: CorpusReport): string {
  return report.sources.map((source) => source.licence ?? '').join();
}
