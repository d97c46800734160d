/** A section of the page, and the panels it is made of. */
import { escapeHtml as escape } from '../../report/index.js';

export interface Section {
  /** Of its heading, to link to. */
  id: string;
  title: string;
  html: string;
}

/** A section with a sentence under its heading. @param body HTML */
export function section(id: string, title: string, note: string, body: string): Section {
  return { id, title, html: `<h2 id="${id}">${escape(title)}</h2>\n<p class="note">${escape(note)}</p>\n${body}` };
}

/** @param body HTML */
export function panel(body: string, kind = ''): string {
  return `<div class="panel${kind === '' ? '' : ` ${kind}`}">${body}</div>`;
}

/** A panel with a heading and, unless it is empty, a note under it. @param body HTML */
export function titledPanel(title: string, note: string, body: string): string {
  const under = note === '' ? '' : `<p class="note">${escape(note)}</p>`;
  return `<section class="panel"><h3>${escape(title)}</h3>${under}${body}</section>`;
}
