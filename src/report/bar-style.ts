/** The style of bars, histograms, and of the lists of a report that can be opened. */
export const barStyle = `
:root { --kept: var(--held); --gone: var(--accent); }
.contents { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 26px 0 0; padding: 0; list-style: none; font-size: 14px; }
a { color: var(--accent); text-underline-offset: 3px; text-decoration-thickness: 1px; }
h2 { scroll-margin-top: 16px; }
.notice { margin: 24px 0 0; border-left: 5px solid var(--gradient); }
.notice ul { margin: 6px 0 0; padding-left: 20px; }
.track { display: flex; height: 14px; border-radius: 4px; overflow: hidden; background: var(--code); }
.track i { display: block; min-width: 2px; height: 100%; flex: none; }
.track i.faint, .column i.faint { opacity: 0.32; }
@media (min-width: 721px), print {
  .bars th[scope] { width: 24%; }
  .pair .bars th[scope] { width: 32%; }
  .bars td.bar { width: 38%; }
}
.bars th[scope] { font-weight: 400; overflow-wrap: anywhere; }
.bars td.bar { vertical-align: middle; }
.bars .strong > th[scope], .bars .strong > td { font-weight: 650; }
.quiet thead th { color: var(--soft); font-weight: 400; font-size: 13px; vertical-align: bottom; }
.mixture .track { height: 22px; border-radius: 6px; margin: 0 0 14px; }
.dot { display: inline-block; width: 10px; height: 10px; margin-right: 7px; border-radius: 3px; }
table small { display: block; color: var(--soft); font-size: 12.5px; line-height: 1.35; font-weight: 400; overflow-wrap: anywhere; }
@media screen and (min-width: 721px) { .sources th[scope] { min-width: 170px; } }
.listing code { overflow-wrap: anywhere; }
.listing th[scope] { font-weight: 400; }
.histogram { padding: 8px 0 22px 46px; }
.plot { position: relative; height: 190px; border-bottom: 1px solid var(--soft); }
.level { position: absolute; left: 0; right: 0; border-top: 1px solid var(--line); }
.level span { position: absolute; right: 100%; margin-right: 8px; transform: translateY(-50%); color: var(--soft); font-size: 12px; white-space: nowrap; }
.columns { position: absolute; inset: 0; display: flex; }
.column { position: relative; flex: 1; margin: 0 1px; }
.column:hover { background: var(--code); }
.column i { position: absolute; bottom: 0; left: 0; right: 0; border-radius: 2px 2px 0 0; }
.below { position: relative; height: 0; color: var(--soft); font-size: 12px; }
.below span { position: absolute; top: 4px; white-space: nowrap; }
.mark { position: absolute; top: -8px; bottom: 0; border-left: 2px dashed var(--gone); }
.mark span { position: absolute; top: 0; left: 8px; color: var(--gone); font-size: 13px; white-space: nowrap; }
.mark.late span { left: auto; right: 8px; }
.opens { padding: 4px 20px; }
.opens details { margin: 0; border-bottom: 1px solid var(--line); }
.opens > details:last-of-type { border-bottom: 0; }
.opens summary { display: grid; grid-template-columns: minmax(0, 24fr) minmax(0, 38fr) repeat(3, minmax(0, 12fr)); gap: 0 16px; align-items: center; padding: 10px 0; color: var(--ink); font-size: 14px; list-style: none; }
.opens summary::-webkit-details-marker { display: none; }
.opens summary > span:not(.track) { text-align: right; font-variant-numeric: tabular-nums; }
.opens summary > code { position: relative; padding-left: 17px; overflow-wrap: anywhere; }
.opens summary > code::before { content: '▸'; position: absolute; left: 0; color: var(--soft); }
.opens details[open] > summary > code::before { content: '▾'; }
.opens summary.head { color: var(--soft); font-size: 13px; cursor: default; }
.opens .empty > summary { cursor: default; }
.opens .empty > summary > code::before { content: ''; }
.example { margin: 0 0 14px; padding: 2px 0 2px 16px; border-left: 3px solid var(--line); }
.example figcaption { color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.example figcaption b { color: var(--ink); }
.example .text { margin-top: 2px; font-size: 15px; line-height: 1.5; }
.excerpts { columns: 2; column-gap: 16px; }
.excerpts .panel { display: inline-block; width: 100%; margin: 0 0 16px; }
.tokens { display: flex; flex-wrap: wrap; gap: 5px; margin: 12px 0 0; }
.tokens code { padding: 1px 7px; border-radius: 5px; background: var(--code); white-space: pre; max-width: 100%; overflow: hidden; text-overflow: ellipsis; }
.off { color: var(--soft); }
.command code { display: block; max-height: 480px; overflow: auto; }
@media (max-width: 720px) {
  .excerpts { columns: 1; }
  .stacks thead { display: none; }
  .stacks, .stacks tbody { display: block; }
  .stacks tr { display: flex; flex-wrap: wrap; gap: 2px 14px; padding: 9px 0; border-bottom: 1px solid var(--line); }
  .stacks tr:last-child { border-bottom: 0; }
  .stacks tr > :is(th, td) { width: 100%; padding: 0; border: 0; }
  .stacks tr > [data-label] { width: auto; text-align: left; font-size: 13px; }
  .stacks [data-label]::before { content: attr(data-label) ' '; color: var(--soft); font-weight: 400; }
  .stacks [data-label]:empty { display: none; }
  .opens { padding: 2px 14px; }
  .opens summary { display: flex; flex-wrap: wrap; gap: 3px 14px; }
  .opens summary > code, .opens summary > .track { width: 100%; }
  .opens summary.head { display: none; }
}
@media print {
  .track, .track i, .column i, .legend i { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .command code { max-height: none; }
  .example, .quiet tr { break-inside: avoid; }
  h2, h2 + .note { break-after: avoid; }
  .panel:has(.quiet), .opens { overflow: visible; break-inside: auto; }
  .quiet { font-size: 11px; }
  .quiet th, .quiet td { padding: 4px 5px; }
  .quiet code, .quiet thead th, .quiet small { font-size: 11px; }
  .quiet.sources { font-size: 9.5px; }
  .contents { display: none; }
}
`;
