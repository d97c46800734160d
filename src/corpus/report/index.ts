/** The report of a corpus run: its data, its page, its datasheet. */
export {
  aboutSchema,
  corpusReportSchema,
  excerpt,
  EXCERPT_LENGTHS,
  logBin,
  REPORT_LIMITS,
  type CorpusReport,
  type Removal,
  type ReportSource,
} from './data.js';
export { discrepancies } from './figures.js';
export { renderCorpusReport } from './page.js';
export { renderDatasheet } from './datasheet.js';
