/** HTML entities that were left over when a page was turned into text. */
import { decodeHTMLStrict } from 'entities';

/** A tag means that the text is markup, or about it: its entities are as they should be. */
const tag = /<[/!]?[a-z][^<>]{0,1000}>/i;

/** An entity is only one with its semicolon; &amp;amp; is one that was escaped twice. */
const entity = /&(?:amp;|#38;|#[xX]26;)*(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});/g;
const again = /(?:amp;|#38;|#[xX]26;)+(?=[a-zA-Z#])/;

/** The text with its entities decoded, unless it holds tags. */
export function decodeEntities(text: string): { text: string; decoded: number } {
  if (!text.includes('&') || text.search(entity) < 0 || tag.test(text)) return { text, decoded: 0 };
  let decoded = 0;
  const plain = text.replace(entity, (whole) => {
    const once = whole.replace(again, '');
    const char = decodeHTMLStrict(once);
    // Unknown names stay, and so do numbers that stand for no character.
    if (char === once || /\p{Surrogate}/u.test(char) || char.includes('\ufffd') || char.includes('\0')) return whole;
    decoded++;
    return char;
  });
  return { text: plain, decoded };
}
