/** `report.html` of an alignment. */
import type { AlignRun } from './align-run.js';

export function renderAlignReport(_out: string, _run: AlignRun): string {
  return ''; // TODO
}
