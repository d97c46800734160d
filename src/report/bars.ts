/** Bars lying in the rows of a table: shares, counts, what is left after each step. Drawn by styles alone. */
import { escapeHtml as escape } from './html.js';

export interface BarSegment {
  /** Of the full width, 0 to 1; what does not fit is cut. */
  share: number;
  /** CSS variable with the colour, such as `--kept`. */
  colour: string;
  /** Pale, for what is only compared with. */
  faint?: boolean;
}

export interface BarRow {
  label: string;
  /** Smaller, under the label. */
  note?: string;
  /** From the left, end to end. */
  segments: readonly BarSegment[];
  /** One for each of the table's figure columns. */
  figures: readonly string[];
  /** Set in bold, for totals. */
  strong?: boolean;
}

/** A table of bars. @param columns what stands over the label, then over each figure */
export function barTable(columns: readonly [label: string, ...figures: string[]], rows: readonly BarRow[]): string {
  const [first, ...figures] = columns.map(escape);
  const head = figures.map((name) => `<th class="number">${name}</th>`).join('');
  const row = ({ label, note, segments, figures: values, strong }: BarRow) => {
    const small = note === undefined ? '' : `<small>${escape(note)}</small>`;
    const cells = values.map((value, i) => `<td class="number" data-label="${figures[i]}">${escape(value)}</td>`);
    return (
      `<tr${strong ? ' class="strong"' : ''}><th scope="row">${escape(label)}${small}</th>` +
      `<td class="bar">${track(segments)}</td>${cells.join('')}</tr>`
    );
  };
  return (
    `<table class="bars stacks quiet"><thead><tr><th>${first}</th><th aria-hidden="true"></th>${head}</tr></thead>` +
    `<tbody>${rows.map(row).join('\n')}</tbody></table>`
  );
}

/** A bar alone. */
export function track(segments: readonly BarSegment[]): string {
  const parts = segments
    .filter(({ share }) => share > 0)
    .map(
      ({ share, colour, faint }) =>
        `<i${faint ? ' class="faint"' : ''} style="width:${percent(share)};background:var(${colour})"></i>`,
    );
  return `<span class="track">${parts.join('')}</span>`;
}

/** Names and colours of what a chart shows. */
export function legend(entries: readonly { label: string; colour: string; faint?: boolean }[]): string {
  const items = entries.map(
    ({ label, colour, faint }) =>
      `<li${faint ? ' class="faint"' : ''}><i style="background:var(${colour})"></i>${escape(label)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

function percent(share: number): string {
  return `${Number((Math.min(share, 1) * 100).toFixed(3))}%`;
}
