import { describe, expect, it } from 'vitest';
import { Random } from '../../io/hash-random.js';
import { byteTokenizer, type Tokenizer, tokenizerFromJSON, trainBpe } from '../../tokenizer/index.js';
import { byteLevelFile, sentencePieceFile } from '../../tokenizer/fixtures.js';
import { choiceConstraint, type CompiledConstraint, jsonSchemaConstraint, regexConstraint } from './index.js';
import { RandomSchemas } from './random-schema.js';
import { acceptsText, idsOf, randomTokens } from './samples.js';

const bytes = byteTokenizer();
const trained = await trainBpe({
  texts: Array.from({ length: 4 }, () => '{"name":"hello","é":[1,23,null],"a":"","x":{}}, "😀": "é", true]}'),
  vocabSize: 330,
});
const tokenizers: Record<string, Tokenizer> = {
  bytes,
  trained,
  'byte-level': tokenizerFromJSON(byteLevelFile()),
  sentencepiece: tokenizerFromJSON(sentencePieceFile()),
};

/** Whether the bytes may begin a text, taken one at a time by a constraint over plain bytes. */
function mayBegin(constraint: CompiledConstraint, text: readonly number[]): boolean {
  const running = constraint.start({ ends: [] });
  try {
    for (const byte of text) running.accept(byte);
    return true;
  } catch {
    return false;
  }
}

const made: [string, (tokenizer: Tokenizer) => CompiledConstraint][] = [
  ['a pattern', (tokenizer) => regexConstraint(String.raw`( ?he(llo|l)+ world|é{2,}|\d+(\.\d)?)*`, tokenizer)],
  ['choices', (tokenizer) => choiceConstraint(['hello', 'he', ' hello', 'é', ''], tokenizer)],
  ...[3, 4, 6, 9, 12, 17, 24, 31].map((seed): (typeof made)[number] => [
    `schema ${seed}`,
    (tokenizer) => jsonSchemaConstraint(new RandomSchemas(seed).schema(), tokenizer),
  ]),
];

describe.each(Object.entries(tokenizers))('masks of %s', (name, tokenizer) => {
  it.each(made)('are what the bytes say: %s', (_, make) => {
    const constraint = make(tokenizer);
    const reference = make(bytes);
    const random = new Random(5);
    for (const previous of [undefined, null]) {
      const running = constraint.start({ previous: previous as null, ends: [] });
      const written: number[] = [];
      let before: number | null | undefined = previous;
      for (let step = 0; step < 12 && !running.done; step++) {
        const allowed = idsOf(running.allowed());
        const expected: number[] = [];
        for (let id = 0; id < tokenizer.vocabSize; id++) {
          const added = before === undefined ? tokenizer.tokenBytes(id) : tokenizer.bytesAfter(id, before);
          const isText = !tokenizer.isSpecial(id) && added.length > 0;
          if (isText && mayBegin(reference, [...written, ...added])) expected.push(id);
        }
        expect(allowed).toEqual(expected);
        if (allowed.length === 0) break;
        // Long tokens lead farther.
        const id = [1, 2, 3]
          .map(() => allowed[random.int(allowed.length)]!)
          .toSorted((a, b) => tokenizer.tokenBytes(b).length - tokenizer.tokenBytes(a).length)[0]!;
        written.push(...(before === undefined ? tokenizer.tokenBytes(id) : tokenizer.bytesAfter(id, before)));
        running.accept(id);
        before = before === undefined ? undefined : id;
      }
    }
    expect(name).not.toBe('');
  });
});

/** A tokenizer of just these texts. */
function tokensOnly(tokens: readonly (string | number[])[]): Tokenizer {
  const texts = tokens.map((token) => Uint8Array.from(typeof token === 'string' ? Buffer.from(token) : token));
  const partly = {
    vocabSize: texts.length,
    eos: null,
    tokenBytes: (id: number) => texts[id]!,
    bytesAfter: (id: number) => texts[id]!,
    isSpecial: () => false,
  };
  return partly as unknown as Tokenizer;
}

it('never leads where the tokenizer cannot go on', () => {
  // é and its first half, but not the second half; the number needs a digit that is no token alone.
  const tokenizer = tokensOnly(['"', 'a', 'é', [0xc3], 'ab"', 'ü"']);
  const running = regexConstraint('"(é|a|ab|ü|1)"', tokenizer).start();
  expect(idsOf(running.allowed())).toEqual([0]);
  running.accept(0);
  expect(idsOf(running.allowed())).toEqual([1, 2, 4, 5]);
  expect(() => running.accept(3)).toThrow(/token 3 is not allowed here/);
  expect(() => regexConstraint('1+', tokenizer)).toThrow(/no text that this tokenizer can write/);
});

it('finishes in time with long tokens, too', () => {
  const tokenizer = tokensOnly([
    ...'{}":,abcdef0123456789',
    '{"abc":',
    '"def":',
    '},',
    'abc',
    '"abcdef"',
    '{"abc":{"def":1',
  ]);
  const inner = { type: 'object', properties: { def: { enum: [1, 'abcdef'] } }, required: ['def'] };
  const schema = {
    type: 'object',
    properties: { abc: inner, def: { type: 'string', pattern: '^[a-f]+$' } },
    required: ['abc'],
  };
  const constraint = jsonSchemaConstraint(schema, tokenizer);
  // '{"abc":{"def":1' '}' '}': three tokens where the bytes are 17.
  expect(() => constraint.start({ maxTokens: 2 })).toThrow(/takes 3 tokens/);
  const random = new Random(3);
  for (let limit = 3; limit < 30; limit++)
    for (let i = 0; i < 20; i++) {
      const tokens = randomTokens(constraint, limit, random);
      expect(tokens.length).toBeLessThanOrEqual(limit);
      const text = tokens.map((id) => Buffer.from(tokenizer.tokenBytes(id)).toString()).join('');
      expect(JSON.parse(text)).toHaveProperty('abc.def');
    }
});

it('allows the end only where the text may end', () => {
  const running = choiceConstraint(['a', 'ab'], bytes).start();
  const end = bytes.eos!;
  expect(idsOf(running.allowed())).toEqual([97]);
  running.accept(97);
  expect(idsOf(running.allowed())).toEqual([98, end]);
  expect(running.accepting && !running.done).toBe(true);
  running.accept(end);
  expect(running.done).toBe(true);
  const custom = choiceConstraint(['a'], bytes).start({ ends: [300] });
  custom.accept(97);
  expect(idsOf(custom.allowed())).toEqual([300]);
  expect(custom.done).toBe(true);
});

it('counts long strings without a state for each length', () => {
  const constraint = jsonSchemaConstraint({ type: 'string', minLength: 900, maxLength: 1000 }, trained);
  const text = (length: number): string => JSON.stringify('é"'.repeat(length / 2));
  for (const [length, fits] of [
    [898, false],
    [900, true],
    [1000, true],
    [1002, false],
  ] as const)
    expect(acceptsText(constraint, trained, text(length)), String(length)).toBe(fits);
  const tokens = randomTokens(constraint, 950, new Random(1));
  expect([...(JSON.parse(trained.decode(tokens)) as string)].length).toBeGreaterThanOrEqual(900);
});
