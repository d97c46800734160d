/** Sets of characters (Unicode code points), and the bytes that stand for them in text and in JSON strings. */

/** Sorted ranges of code points, [first, last], that do not touch. */
export type Ranges = readonly (readonly [number, number])[];
/** A byte sequence, each place a range. */
export type ByteRanges = readonly (readonly [number, number])[];

const last = 0x10ffff;
/** Every character; surrogates are not characters. */
export const anyCharacter: Ranges = [
  [0, 0xd7ff],
  [0xe000, last],
];

export function union(...sets: Ranges[]): Ranges {
  const sorted = sets.flat().toSorted((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of sorted) {
    const before = joined.at(-1);
    if (before && from <= before[1] + 1) before[1] = Math.max(before[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** All characters that are not in the set. */
export function complement(set: Ranges): Ranges {
  const rest: [number, number][] = [];
  let from = 0;
  for (const [first, end] of union(set, [[0xd800, 0xdfff]])) {
    if (first > from) rest.push([from, first - 1]);
    from = end + 1;
  }
  if (from <= last) rest.push([from, last]);
  return rest;
}

export const without = (set: Ranges, others: Ranges): Ranges => complement(union(complement(set), others));

/** The characters that a JavaScript expression for one character, such as `\p{L}`, matches. */
export function charactersOf(expression: string): Ranges {
  const pattern = new RegExp(`^${expression}$`, 'u');
  const ranges: [number, number][] = [];
  for (let code = 0; code <= last; code++) {
    if (code === 0xd800) code = 0xe000;
    if (!pattern.test(String.fromCodePoint(code))) continue;
    const before = ranges.at(-1);
    if (before && before[1] === code - 1) before[1] = code;
    else ranges.push([code, code]);
  }
  return ranges;
}

/** UTF-8 of a set: sequences of byte ranges, none of which overlap. */
export function utf8Sequences(set: Ranges): ByteRanges[] {
  const out: ByteRanges[] = [];
  const lengths = [
    [0, 0x7f],
    [0x80, 0x7ff],
    [0x800, 0xffff],
    [0x10000, last],
  ] as const;
  for (const [from, to] of set)
    for (const [first, end] of lengths) {
      const [low, high] = [Math.max(from, first), Math.min(to, end)];
      if (low <= high) split([...Buffer.from(String.fromCodePoint(low))], [...Buffer.from(String.fromCodePoint(high))], [], out);
    }
  return out;
}

/** Byte sequences of one length from `low` to `high`, as products of ranges. */
function split(low: number[], high: number[], prefix: ByteRanges, out: ByteRanges[]): void {
  const [a, b] = [low[0]!, high[0]!];
  const [restLow, restHigh] = [low.slice(1), high.slice(1)];
  if (restLow.length === 0) {
    out.push([...prefix, [a, b]]);
    return;
  }
  if (a === b) {
    split(restLow, restHigh, [...prefix, [a, a]], out);
    return;
  }
  const [least, most] = [restLow.map(() => 0x80), restHigh.map(() => 0xbf)];
  const wholeLow = restLow.every((byte) => byte === 0x80);
  const wholeHigh = restHigh.every((byte) => byte === 0xbf);
  if (!wholeLow) split(restLow, most, [...prefix, [a, a]], out);
  const [from, to] = [wholeLow ? a : a + 1, wholeHigh ? b : b - 1];
  if (from <= to) out.push([...prefix, [from, to], ...least.map((byte, i) => [byte, most[i]!] as const)]);
  if (!wholeHigh) split(least, restHigh, [...prefix, [b, b]], out);
}

const escaped: Ranges = [
  [0, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
];

/** The set inside a JSON string, each character in the one spelling that `JSON.stringify` gives it. */
export function jsonSequences(set: Ranges): ByteRanges[] {
  const out = utf8Sequences(without(set, escaped));
  for (const [from, to] of escaped)
    for (let code = from; code <= to; code++)
      if (set.some(([first, end]) => code >= first && code <= end))
        out.push([...Buffer.from(JSON.stringify(String.fromCharCode(code)).slice(1, -1))].map((byte) => [byte, byte]));
  return out;
}
