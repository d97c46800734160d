/** Whether decoded text looks as somebody wrote it, or as an encoding that was guessed wrongly. */

/** Share of characters outside ASCII that may look odd. */
const ODD_SHARE = 0.1;

/** Letters, digits, marks, and signs that are common in prose. */
const usual = /[\p{L}\p{M}\p{N}\p{P}\p{Zs}\p{Sc}°©®™§±×\u00ad\u200b-\u200f～＋＝→←↑↓■□●○◆◇★☆▲△▼▽※〒♪]/u;

/** Letters of western Europe that stand alone or begin a word in lower case; others do not. */
const alone = /[àáâèéêíóôúìòùåæøöäüñçœÀÁÂÈÉÊÍÓÔÚÅÆØÖÄÜÑÇŒªº]/u;

const letter = /\p{L}/u;
const currency = /\p{Sc}/u;
const lower = /\p{Ll}/u;

/** Whether at most a tenth of the characters outside ASCII are ones that prose would not have in that place. */
export function isPlausible(text: string): boolean {
  let [count, odd] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) < 0x80) continue;
    const character = String.fromCodePoint(text.codePointAt(i)!);
    count++;
    const amid = letter.test(text[i - 1] ?? ' ') && letter.test(text[i + character.length] ?? ' ');
    if (!usual.test(character) || (amid && currency.test(character))) odd++;
    else if (character < '\u0250' && isOddLatin(text[i - 1] ?? ' ', character, text[i + 1] ?? ' ')) odd++;
    i += character.length - 1;
  }
  return odd <= ODD_SHARE * count;
}

function isOddLatin(before: string, character: string, after: string): boolean {
  if (!letter.test(character)) return letter.test(before) && letter.test(after) && !/[\u00b7\u00ad]/.test(character);
  if (!letter.test(before) && !letter.test(after)) return !alone.test(character);
  const isLetter = (c: string) => letter.test(c) && !/[ÿþ]/.test(c);
  if (/[ÿþ]/.test(character) && !isLetter(before) && !isLetter(after)) return true;
  return lower.test(before) && !lower.test(character) && character !== 'ª' && character !== 'º';
}
