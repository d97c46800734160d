/** The style of a report: light and dark by the reader's preference, one column on a phone, black on white in print. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #faf9f6; --card: #ffffff; --ink: #23211d; --soft: #6d685f; --line: #e6e2da; --accent: #b4532a;
  --train: #b4532a; --held: #2d6f8e; --rate: #7a5ea8; --speed: #3f7d4f; --gradient: #96702a; --code: #f3f0ea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #171614; --card: #201f1c; --ink: #ece8e0; --soft: #a19b8f; --line: #36332e; --accent: #e8875a;
    --train: #e8875a; --held: #6fb6d6; --rate: #b79be6; --speed: #7fc491; --gradient: #d9b25f; --code: #2a2824;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); line-height: 1.55;
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 72px; }
header { border-top: 5px solid var(--accent); padding-top: 22px; }
.eyebrow { margin: 0; color: var(--accent); font-size: 13px; font-weight: 650; letter-spacing: 0.09em; text-transform: uppercase; }
h1 { margin: 4px 0 10px; font-size: clamp(28px, 5vw, 42px); line-height: 1.12; letter-spacing: -0.022em; overflow-wrap: anywhere; }
.lead { max-width: 44em; margin: 0; font-size: 18px; }
.when { margin: 8px 0 0; color: var(--soft); font-size: 14px; }
h2 { margin: 52px 0 4px; font-size: 23px; letter-spacing: -0.012em; }
h3 { margin: 0; font-size: 16px; }
.note { max-width: 48em; margin: 2px 0 12px; color: var(--soft); font-size: 14px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 12px; margin: 28px 0 0; padding: 0; list-style: none; }
.card, .panel { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.card { padding: 14px; }
.card b { display: block; font-size: 25px; font-weight: 650; line-height: 1.2; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.card span { display: block; margin-top: 3px; color: var(--soft); font-size: 13px; line-height: 1.35; }
.card.first { background: var(--accent); border-color: var(--accent); color: #fff; }
.card.first span { color: #fff; opacity: 0.88; }
@media (prefers-color-scheme: dark) { .card.first { color: #1c1209; } .card.first span { color: #1c1209; } }
.panel { padding: 18px 20px; min-width: 0; }
.grid { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
.grid .wide, .grid .panel:nth-child(even):last-child, .grid.tables .panel:nth-child(odd):last-child { grid-column: 1 / -1; }
.chart svg { display: block; width: 100%; height: auto; overflow: visible; }
.chart svg text { fill: var(--soft); font-size: 12px; }
.grid.tables .panel:nth-child(even):last-child { grid-column: auto; }
.chart .grid { stroke: var(--line); }
.chart polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
.chart polyline.faint { stroke-width: 1; opacity: 0.35; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0 0 8px; padding: 0; list-style: none; font-size: 13px; color: var(--soft); }
.legend i { display: inline-block; width: 18px; height: 3px; margin-right: 6px; border-radius: 2px; vertical-align: middle; }
.legend .faint i { opacity: 0.4; }
.legend b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.axes { display: none; gap: 4px; margin: 0 0 12px; }
.js .axes { display: flex; align-items: center; flex-wrap: wrap; font-size: 14px; color: var(--soft); }
.axes button, .copy {
  padding: 3px 12px; border: 1px solid var(--line); border-radius: 99px; background: var(--card); color: var(--ink); font: inherit; font-size: 13px; cursor: pointer;
}
.axes button[aria-pressed='true'] { background: var(--ink); border-color: var(--ink); color: var(--page); }
button:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.u-over { cursor: crosshair; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; margin-bottom: 16px; }
.pair .after { border-color: var(--accent); }
.text { margin: 8px 0 0; font: 16px/1.6 Charter, 'Iowan Old Style', Georgia, 'Noto Serif', 'DejaVu Serif', serif; white-space: pre-wrap; overflow-wrap: anywhere; }
.text mark { background: none; color: var(--accent); font-weight: 600; }
.step { color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
.step b { color: var(--ink); font-size: 14px; }
details { margin: 0 0 16px; }
summary { cursor: pointer; color: var(--soft); font-size: 15px; }
.timeline { margin: 18px 0 0 6px; padding: 0 0 0 24px; border-left: 2px solid var(--line); list-style: none; }
.timeline li { position: relative; margin: 0 0 22px; }
.timeline li::before { content: ''; position: absolute; left: -31px; top: 6px; width: 12px; height: 12px; border-radius: 50%; background: var(--page); border: 3px solid var(--accent); }
.timeline .text { margin-top: 2px; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th, td { padding: 6px 8px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
.values th { width: 45%; color: var(--soft); font-weight: 400; }
.values td { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.path { overflow-wrap: anywhere; }
tfoot td, tfoot th { border-top: 2px solid var(--line); border-bottom: 0; font-weight: 600; }
code, pre { font: 13px/1.6 ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
td code { color: var(--soft); }
.scroll { overflow-x: auto; }
.command { position: relative; margin: 0; padding: 16px 20px; border-radius: 12px; background: var(--code); white-space: pre-wrap; overflow-wrap: anywhere; }
.copy { display: none; position: absolute; top: 10px; right: 10px; }
.js .copy { display: block; }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--line); color: var(--soft); font-size: 13px; }
@media (max-width: 720px) {
  main { padding: 24px 16px 48px; }
  .grid, .pair { grid-template-columns: minmax(0, 1fr); }
  .panel { padding: 14px; }
  .cards { grid-template-columns: repeat(2, 1fr); }
}
@media print { .axes, .copy { display: none !important; } .panel, .card { break-inside: avoid; } }
`;
