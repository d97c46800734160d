/** What every report page shares: the frame, escaping, tables, cards, charts. */
export { axisLabel, ticks, type AxisFormat } from './axis.js';
export { chartSvg, curvePanels, type Chart, type ChartSeries } from './curves.js';
export { escapeHtml, group, jsonScript, tablePanel, valueTable } from './html.js';
export { cardRow, commandBlock, reportPage, shortTime, type Card, type ReportPage } from './page.js';
