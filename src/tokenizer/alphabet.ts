/**
 * The byte alphabet of GPT-2: one printable character for each byte, so that a vocabulary of bytes can be written as text.
 *
 * Printable bytes of Latin-1 stand for themselves; the 68 others take the characters from U+0100 on, in byte order.
 * Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.2, and its released code.
 */

const printable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

/** Character of each byte. */
export const byteCharacters: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();

const byteOfCharacter = new Map(byteCharacters.map((character, byte) => [character, byte]));

/** Bytes as text in the alphabet. */
export function bytesToAlphabet(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byteCharacters[byte];
  return text;
}

/** Bytes of a text in the alphabet, or null where a character is outside it. */
export function alphabetToBytes(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const byte = byteOfCharacter.get(text[i] ?? '');
    if (byte === undefined) return null;
    bytes[i] = byte;
  }
  return bytes;
}
