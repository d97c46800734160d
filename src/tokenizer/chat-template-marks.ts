/** `{% generation %}` blocks, by which a template itself says what the assistant writes. */
import type { MarkedText } from './chat-template.js';

const [OPEN, CLOSE] = ['\ufdd0', '\ufdd1'];

/**
 * A template with characters written where its `{% generation %}` blocks begin and end: the library ignores the blocks.
 * Null where it has none. Blocks of a condition take their place, so that white space around them is treated as before.
 */
export function markGeneration(source: string): string | null {
  if (!/{%-?\s*generation\s*-?%}/.test(source)) return null;
  return source.replace(
    /{%(-?)\s*(end)?generation\s*(-?)%}/g,
    (_, left: string, end: string | undefined, right: string) =>
      `{%${left} if true %}${end ? CLOSE : OPEN}{% endif ${right}%}`,
  );
}

/** Takes the characters out of a text again, and says where they were. */
export function readMarks(marked: string): MarkedText {
  const assistant: [number, number][] = [];
  let text = '';
  let from = 0;
  for (const part of marked.split(/([\ufdd0\ufdd1])/)) {
    if (part === OPEN) from = text.length;
    else if (part === CLOSE) {
      if (text.length > from) assistant.push([from, text.length]);
    } else text += part;
  }
  return { text, assistant };
}
