/** Strings of JSON as automata over their bytes. Each string has one spelling, that of `JSON.stringify`. */
import { combine, type Dfa, intersect, literals, step } from './dfa.js';
import { formats } from './formats.js';
import { anyCharacter } from './characters.js';
import { parsePattern } from './pattern.js';
import { containing, everything, patternAutomaton } from './pattern-automaton.js';

export interface StringBounds {
  /** Characters (code points). */
  least: number;
  most: number;
  patterns: readonly string[];
  formats: readonly string[];
}

const known = new Map<string, Dfa>();

function remembered(key: string, make: () => Dfa): Dfa {
  let dfa = known.get(key);
  if (!dfa) {
    if (known.size > 200) known.clear();
    known.set(key, (dfa = make()));
  }
  return dfa;
}

/** What may stand between quotes. */
const anyContent = (): Dfa => remembered('any', () => patternAutomaton(everything, 'json', 'a string'));

/** What may stand between quotes: strings that contain a match of the pattern. */
export function matchingContent(pattern: string): Dfa {
  const what = `the pattern /${pattern}/`;
  return remembered(what, () => patternAutomaton(containing(parsePattern(pattern)), 'json', what));
}

/** What may stand between quotes. Bounds alone are better counted, see {@link CountedLeaf}. */
export function stringContent({ least, most, patterns, formats: names }: StringBounds): Dfa {
  const parts = patterns.map(matchingContent);
  for (const name of names) {
    const what = `the format ${name}`;
    parts.push(remembered(what, () => patternAutomaton(parsePattern(formats[name]!), 'json', what)));
  }
  if (least > 0 || most < Infinity) {
    const what = `a string of ${least} to ${most} characters`;
    const length = { kind: 'repeat', part: { kind: 'set', set: anyCharacter }, least, most } as const;
    parts.push(remembered(what, () => patternAutomaton(length, 'json', what)));
  }
  return parts.length === 0 ? anyContent() : intersect(parts, 'the string');
}

/** Names of properties: which patterns they match is exactly `matched`, and none of `others`. */
export function nameContent(matched: readonly string[], unmatched: readonly string[], others: readonly string[]): Dfa {
  const key = `names ${JSON.stringify([matched, unmatched, others])}`;
  return remembered(key, () => makeNameContent(matched, unmatched, others));
}

function makeNameContent(matched: readonly string[], unmatched: readonly string[], others: readonly string[]): Dfa {
  const [is, isNot] = [matched.map(matchingContent), unmatched.map(matchingContent)];
  const texts = literals(others.map((name) => Buffer.from(JSON.stringify(name).slice(1, -1))));
  return combine(
    [anyContent(), ...is, ...isNot, texts],
    (accepted) =>
      accepted.slice(0, 1 + is.length).every(Boolean) && !accepted.slice(1 + is.length).some(Boolean),
    'the names of properties',
  );
}

const knownQuoted = new WeakMap<Dfa, Dfa>();

/** The string with its quotes; the same automaton for the same content. */
export function quoted(content: Dfa): Dfa {
  let dfa = knownQuoted.get(content);
  if (!dfa) knownQuoted.set(content, (dfa = makeQuoted(content)));
  return dfa;
}

function makeQuoted(content: Dfa): Dfa {
  const states = content.finals.length;
  // The quote has a class of its own: inside, it stands only after a backslash.
  const classOf = Uint8Array.from(content.classOf);
  const quote = content.classes;
  classOf[0x22] = quote;
  const classes = quote + 1;
  const [start, end] = [0, states + 1];
  const table = new Int32Array((states + 2) * classes).fill(-1);
  table[start * classes + quote] = 1;
  for (let state = 0; state < states; state++) {
    const row = (state + 1) * classes;
    for (let c = 0; c < content.classes; c++) {
      const next = content.table[state * content.classes + c]!;
      table[row + c] = next < 0 ? -1 : next + 1;
    }
    const escaped = step(content, state, 0x22);
    table[row + quote] = content.finals[state] === 1 ? end : escaped < 0 ? -1 : escaped + 1;
  }
  const finals = new Uint8Array(states + 2);
  finals[end] = 1;
  return { classOf, classes, table, finals };
}
