/** Small pieces of Markdown (GitHub's flavour). Everything that comes from outside goes through one of these. */

/** Text on one line that means nothing to Markdown or HTML; a bare web address may still become a link. */
export function markdownText(text: string): string {
  return oneLine(text)
    .replaceAll(/[\\`*_[\]<>|~&]/g, '\\$&')
    .replace(/^[#+=-]/, '\\$&')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2');
}

/** A code span on one line; it may stand in a table. */
export function inlineCode(text: string): string {
  const code = oneLine(text).replaceAll('|', '\\|');
  if (code === '') return '';
  const fence = '`'.repeat(longestRun(code) + 1);
  const space = /^`|`$/.test(code) ? ' ' : '';
  return `${fence}${space}${code}${space}${fence}`;
}

/** A block of code, whatever is in it. */
export function codeBlock(text: string, language = ''): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
}

/** A table; cells are Markdown, and columns whose name begins with `>` are aligned to the right. */
export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = columns.map((name) => (name.startsWith('>') ? '---:' : '---'));
  return [line(columns.map((name) => name.replace(/^>/, ''))), line(rule), ...rows.map(line)].join('\n');
}

function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\p{Cs}]+/gu, ' ').trim();
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
}
