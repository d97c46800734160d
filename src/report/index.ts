/** What every report page shares: the frame, escaping, tables, cards, charts. */
export { axisLabel, ticks, type AxisFormat } from './axis.js';
export { barTable, legend, track, type BarRow, type BarSegment } from './bars.js';
export { chartSvg, curvePanels, type Chart, type ChartSeries } from './curves.js';
export { escapeHtml, group, jsonScript, namedValues, tablePanel, valueTable } from './html.js';
export { histogram, type Histogram, type HistogramSeries } from './histogram.js';
export { codeBlock, inlineCode, markdownTable, markdownText } from './markdown.js';
export { scatterPanel, type ScatterSeries } from './scatter.js';
export { cardRow, commandBlock, notice, reportPage, shortTime, type Card, type ReportPage } from './page.js';
