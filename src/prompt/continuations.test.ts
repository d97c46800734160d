import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { memoryUse, scope, tokenLogProbs } from '../engine/index.js';
import { ContinuationScorer } from './continuations.js';
import { tinyModel } from './fixtures.js';

const bytes = (text: string) => [...Buffer.from(text)];

describe.each(['gpt2', 'llama'] as const)('%s', (family) => {
  const lm = tinyModel(family, 64);
  afterAll(() => lm.model.dispose());

  /** log p(answer | prompt) by one forward pass over both. */
  function whole(prompt: readonly number[], answer: readonly number[]): number {
    const tokens = Int32Array.from([...prompt, ...answer]);
    const targets = Int32Array.from(tokens, (_, i) => (i + 1 >= prompt.length ? (tokens[i + 1] ?? -1) : -1));
    return scope(() => {
      const positions = tokens.map((_, i) => i);
      const hidden = lm.model.hidden({ tokens, positions, sequenceStarts: Int32Array.of(0, tokens.length) });
      return tokenLogProbs(hidden, lm.model.head, targets).logProbs.data.reduce((sum, x) => sum + x, 0);
    });
  }

  it('finds what a full forward pass finds, with and without a common beginning', () => {
    const scorer = new ContinuationScorer(lm);
    const ids = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 10 });
    const item = fc.record({
      rest: ids,
      answers: fc.array(
        ids.map((a) => a.slice(0, 4)),
        { minLength: 1, maxLength: 3 },
      ),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.array(item, { minLength: 1, maxLength: 11 }), (shared, items) => {
        const beginning = bytes('the same few-shot examples, again and again').slice(0, shared);
        const batch = items.map(({ rest, answers }) => ({ prompt: [...beginning, ...rest], answers }));
        const found = scorer.score(batch);
        batch.forEach(({ prompt, answers }, i) =>
          answers.forEach((answer, k) => expect(found[i]![k]).toBeCloseTo(whole(prompt, answer), 3)),
        );
      }),
      { numRuns: 30 },
    );
    scorer.dispose();
  });

  it('computes a common beginning once', () => {
    const scorer = new ContinuationScorer(lm);
    const items = [1, 2, 3, 4].map((i) => ({
      prompt: [...bytes('a beginning of 25 tokens.'), i],
      answers: [[7], [8]],
    }));
    scorer.score(items);
    expect(scorer.tokens).toBe(25 + 4);
    scorer.score(items);
    expect(scorer.tokens).toBe(25 + 4 + 4);
    scorer.dispose();
  });

  it('leaves no buffers, and says what is too long', () => {
    const before = memoryUse().buffers;
    const scorer = new ContinuationScorer(lm);
    expect(() => scorer.score([{ prompt: new Array<number>(64).fill(1), answers: [[1, 2]] }])).toThrow(
      /65 tokens.* 64/,
    );
    scorer.score([{ prompt: new Array<number>(63).fill(1), answers: [[1, 2]] }]);
    scorer.dispose();
    expect(memoryUse().buffers).toBe(before);
  });
});
