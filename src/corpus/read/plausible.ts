/** Whether decoded text looks as somebody wrote it, or as an encoding that was guessed wrongly. */

/** Share of characters outside ASCII that may look odd. */
const ODD_SHARE = 0.1;

/** Letters, digits, marks, and signs that are common in prose. */
const usual = /[\p{L}\p{M}\p{N}\p{P}\p{Zs}\p{Sc}°©®™§±×\u00ad\u200b-\u200f～＋＝→←↑↓■□●○◆◇★☆▲△▼▽※〒♪]/u;

/** Letters of western Europe that stand alone or begin a word in lower case; others do not. */
const alone = /[àáâèéêíóôúìòùåæøöäüñçœÀÁÂÈÉÊÍÓÔÚÅÆØÖÄÜÑÇŒªº]/u;

const letter = /\p{L}/u;
const ascii = /[a-z]/i;
const currency = /\p{Sc}/u;
const lower = /\p{Ll}/u;

/** Whether at most a tenth of the characters outside ASCII are ones that prose would not have in that place. */
export function isPlausible(text: string): boolean {
  let [count, odd] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) < 0x80) continue;
    const character = String.fromCodePoint(text.codePointAt(i)!);
    count++;
    if (isOdd(text[i - 1] ?? ' ', character, text[i + character.length] ?? ' ')) odd++;
    i += character.length - 1;
  }
  return odd <= ODD_SHARE * count;
}

function isOdd(before: string, character: string, after: string): boolean {
  if (!usual.test(character)) return true;
  if (currency.test(character)) return letter.test(before) && letter.test(after);
  // East Asian text has its characters in runs.
  if (character >= '\u2e80') return before < '\u2e80' && after < '\u2e80';
  if (character >= '\u2000') return false;
  if (character >= '\u0250') return ascii.test(before) || ascii.test(after);
  return isOddLatin(before, character, after);
}

function isOddLatin(before: string, character: string, after: string): boolean {
  if (!letter.test(character)) return letter.test(before) && letter.test(after) && !/[\u00b7\u00ad]/.test(character);
  if (!letter.test(before) && !letter.test(after)) return !alone.test(character);
  if (character === 'ÿ' || before === 'ÿ' || after === 'ÿ') return true;
  return lower.test(before) && !lower.test(character) && character !== 'ª' && character !== 'º';
}
