/** The frame of every report: one page, complete in itself, that loads nothing and can be sent by mail. */
import { barStyle } from './bar-style.js';
import type { Chart } from './curves.js';
import { escapeHtml as escape } from './html.js';
import { curveStyle, pageScripts } from './script.js';
import { pageStyle } from './style.js';

/** A page. Everything but `name`, `kind` and `when` is taken as HTML. */
export interface ReportPage {
  /** What the page is about: its title and heading. */
  name: string;
  /** What sort of report it is, such as `training report`. */
  kind: string;
  /** One or two sentences: what happened. */
  lead: string;
  /** When, and on what. */
  when: string;
  body: string;
  /** The curves that the body shows, which scripts make live. */
  curves?: readonly Chart[];
}

/** The whole page. Its Content-Security-Policy forbids everything but its own styles and scripts. */
export function reportPage({ name, kind, lead, when, body, curves = [] }: ReportPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${escape(name)} · Telar</title>
<style>${curves.length > 0 ? curveStyle() : ''}${pageStyle}${barStyle}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">Telar · ${escape(kind)}</p>
<h1>${escape(name)}</h1>
<p class="lead">${lead}</p>
<p class="when">${escape(when)}</p>
</header>
${body}
<footer>Made by Telar. This page is complete in itself: it loads nothing.</footer>
</main>
${pageScripts(curves)}
</body>
</html>
`;
}

/** A large figure with what it means. */
export interface Card {
  label: string;
  value: string;
}

/** Large figures in a row; the first stands out where `firstStandsOut`. */
export function cardRow(cards: readonly Card[], firstStandsOut: boolean): string {
  if (cards.length === 0) return '';
  const item = ({ label, value }: Card, i: number) =>
    `<li class="card${i === 0 && firstStandsOut ? ' first' : ''}"><b>${escape(value)}</b><span>${escape(label)}</span></li>`;
  return `<ul class="cards">${cards.map(item).join('')}</ul>`;
}

/** A command or a file, to be copied. */
export function commandBlock(text: string): string {
  return `<pre class="command"><code>${escape(text)}</code><button class="copy" type="button">Copy</button></pre>`;
}

/** `2026-01-02 03:04 UTC` for an ISO 8601 time. */
export function shortTime(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

/** A notice that something needs attention. */
export function notice(title: string, points: readonly string[]): string {
  const items = points.map((point) => `<li>${escape(point)}</li>`).join('');
  return `<section class="panel notice"><h3>${escape(title)}</h3><ul>${items}</ul></section>`;
}
