/** Numbers as people write them in English text. */

export interface FoundNumber {
  value: number;
  /** Written with a percent sign. */
  percent: boolean;
  /** [start, end) in the text, sign, currency and unit included. */
  start: number;
  end: number;
}

/** Powers of ten. */
const SCALES: Readonly<Record<string, number>> = { thousand: 3, million: 6, billion: 9, trillion: 12 };

/**
 * A minus is one only where no word, number or bracket stands before it. Thousands are set off by commas, unbreakable spaces
 * or apostrophes in groups of three; a number does not begin inside a word.
 */
const NUMBER = new RegExp(
  [
    String.raw`(?<![\p{L}\p{N}_])`,
    String.raw`(?<sign>(?<!\p{Pe})[-+\u2212])?`,
    String.raw`(?:(?:US)?[$€£¥₹]\s?)?`,
    String.raw`(?:(?<whole>\d{1,3}(?:[,\u2009\u202f\u00a0'’]\d{3})+(?!\d)|\d+)(?<fraction>\.\d+)?|(?<bare>\.\d+))`,
    String.raw`(?<exponent>e[-+]?\d+(?![\p{L}\p{N}]))?`,
    String.raw`(?:\s?(?<percent>%|percent\b|per cent\b)|[\s-](?<scale>thousand|million|billion|trillion)\b)?`,
  ].join(''),
  'giu',
);

/** All numbers in a text, in order. `1,234.5`, `$5`, `-3`, `40%`, `2.5 million` and `1e6` are one number each. */
export function findNumbers(text: string): FoundNumber[] {
  const found: FoundNumber[] = [];
  for (const match of text.matchAll(NUMBER)) {
    const { sign, whole = '', fraction, bare, exponent, percent, scale } = match.groups!;
    const power = Number(exponent?.slice(1) ?? 0) + (scale === undefined ? 0 : SCALES[scale.toLowerCase()]!);
    const size = Number(`${whole.replace(/\D/g, '')}${fraction ?? bare ?? ''}e${power}`);
    if (!Number.isFinite(size)) continue;
    found.push({
      value: sign === '-' || sign === '\u2212' ? -size : size,
      percent: percent !== undefined,
      start: match.index,
      end: match.index + match[0].length,
    });
  }
  return found;
}
