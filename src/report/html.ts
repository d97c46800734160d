/** Small pieces of HTML. Everything that comes from outside goes through {@link escapeHtml} or {@link jsonScript}. */

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text that is safe between tags and within quoted attributes. Control characters are shown as U+FFFD. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => entities[character]!)
    .replaceAll(/(?![\t\n])\p{Cc}|\p{Cs}/gu, '\uFFFD');
}

/** Data for the page's script, which nothing in it can end or change. */
export function jsonScript(id: string, data: unknown): string {
  const json = JSON.stringify(data).replaceAll(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `<script type="application/json" id="${id}">${json}</script>`;
}

/** A table of names and values; nested records are flattened to `outer inner`. */
export function valueTable(values: Record<string, unknown>): string {
  const rows = namedValues(values).map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<table class="values"><tbody>${rows.join('')}</tbody></table>`;
}

/** Names and values in words, as {@link valueTable} shows them. */
export function namedValues(values: Record<string, unknown>): [name: string, value: string][] {
  return flattened(values).map(([name, value]) => [words(name), value]);
}

function flattened(values: Record<string, unknown>, before = ''): [string, string][] {
  return Object.entries(values).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return [];
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return flattened(value as Record<string, unknown>, `${before}${name} `);
    return [[before + name, show(value)]];
  });
}

function show(value: unknown): string {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return group(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A titled panel with a table of names and values. */
export function tablePanel(title: string, values: Record<string, unknown>): string {
  return `<section class="panel"><h3>${escapeHtml(title)}</h3>${valueTable(values)}</section>`;
}

/** `12,345,678` for whole numbers, six digits that matter for others. */
export function group(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  return String(Number(value.toPrecision(6)));
}

/** `headDim` becomes `head dim`. */
function words(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
}
