/** Takes repeated paragraphs out of a text. */

/**
 * The text without the lines whose numbers, rising from 0, are given. Where a cut would leave two blank lines together,
 * or one at the beginning, the second goes with it.
 */
export function cutParagraphs(text: string, indexes: ArrayLike<number>): string {
  if (indexes.length === 0) return text;
  const kept: string[] = [];
  let [from, next] = [0, 0];
  let afterCut = false;
  for (let line = 0; from <= text.length; line++) {
    const feed = text.indexOf('\n', from);
    const content = text.slice(from, feed < 0 ? text.length : feed);
    from += content.length + 1;
    if (indexes[next] === line) {
      next++;
      afterCut = true;
    } else if (!afterCut || !isBlank(content) || !isBlank(kept.at(-1) ?? '')) {
      kept.push(content);
      afterCut = false;
    }
  }
  return kept.join('\n');
}

function isBlank(line: string): boolean {
  return line.trim() === '';
}
