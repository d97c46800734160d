import { afterAll, describe, expect, it } from 'vitest';
import { memoryUse, scope } from '../engine/index.js';
import { Random } from '../io/hash-random.js';
import { initializeTransformer, newModelConfig } from '../model/index.js';
import { byteTokenizer, Utf8Stream } from '../tokenizer/index.js';
import { generateText, generateTokens, Sampler, streamText, type TokenEvent } from './index.js';

const tokenizer = byteTokenizer();
const sizes = { vocabSize: tokenizer.vocabSize, context: 48, layers: 2, width: 16, heads: 4 };
const models = [
  initializeTransformer(newModelConfig('gpt2', sizes), 3),
  initializeTransformer(newModelConfig('llama', { ...sizes, kvHeads: 2, qkNorm: true, slidingWindow: 9 }), 3),
];
// Larger weights, so that different histories give clearly different distributions.
for (const model of models)
  for (const value of model.parameters.values()) value.data.forEach((x, i, all) => (all[i] = x * 3));
afterAll(() => models.forEach((model) => model.dispose()));

async function collect(events: AsyncGenerator<TokenEvent>): Promise<TokenEvent[]> {
  const all: TokenEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe.each(['gpt2', 'llama'])('%s', (family) => {
  const model = models[family === 'gpt2' ? 0 : 1]!;
  const prompts = [[1, 2, 3], [7], [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]];

  it('continues with a cache as a full forward would', async () => {
    for (const { sequence, id, logprob } of await collect(
      generateTokens(model, prompts, { temperature: 0, maxTokens: 1 }),
    )) {
      const tokens = Int32Array.from(prompts[sequence]!);
      const logits = scope(() => {
        const positions = tokens.map((_, i) => i);
        const hidden = model.hidden({ tokens, positions, sequenceStarts: Int32Array.of(0, tokens.length) });
        return model.logits(hidden).data.slice(-sizes.vocabSize);
      });
      expect(logits[id]).toBeCloseTo(Math.max(...logits), 4);
      const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
      expect(logprob).toBeCloseTo(logits[id]! - total, 4);
    }
  });

  it('gives each sequence the same tokens alone and in a batch', async () => {
    const options = { temperature: 0, maxTokens: 20 };
    const together = await collect(generateTokens(model, prompts, options));
    for (const [i, prompt] of prompts.entries()) {
      const alone = await collect(generateTokens(model, [prompt], options));
      const there = together.filter((event) => event.sequence === i);
      expect(there.map((event) => event.id)).toEqual(alone.map((event) => event.id));
      there.forEach((event, at) => expect(event.logprob).toBeCloseTo(alone[at]!.logprob, 4));
    }
  });

  it('repeats itself for a seed, and not for another', async () => {
    const run = async (seed: number) =>
      (await collect(generateTokens(model, [[1]], { seed, temperature: 1, maxTokens: 30 }))).map((event) => event.id);
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it('stops at the end of the context and leaves no buffers', async () => {
    const before = memoryUse().buffers;
    const events = await collect(generateTokens(model, [[1, 2]], { maxTokens: 1000 }));
    expect(events.length).toBe(sizes.context - 2 + 1);
    expect(events.at(-1)!.finishReason).toBe('length');
    expect(memoryUse().buffers).toBe(before);
  });
});

it('streams what it returns, never half a character, and ends before a stop string', async () => {
  const model = models[0]!;
  const options = { temperature: 1, seed: 4, maxTokens: 40 };
  const [whole] = await generateText(model, tokenizer, ['a'], options);
  let streamed = '';
  for await (const event of streamText(model, tokenizer, ['a'], options)) streamed += event.text;
  expect(streamed).toBe(whole!.text);
  const bytes = whole!.tokens.filter((token) => token.id < 256).map((token) => token.id);
  expect(whole!.text).toBe(new TextDecoder().decode(Uint8Array.from(bytes)));
  const stop = whole!.text.slice(5, 8);
  const [stopped] = await generateText(model, tokenizer, ['a'], { ...options, stop: [stop, 'never there'] });
  expect(stopped!.text).toBe(whole!.text.slice(0, whole!.text.indexOf(stop)));
  expect(stopped!.finishReason).toBe('stop');
});

it('does not emit half of an emoji', () => {
  const stream = new Utf8Stream();
  const parts = [...new TextEncoder().encode('a😀b')].map((byte) => stream.push(Uint8Array.of(byte)));
  expect(parts).toEqual(['a', '', '', '', '😀', 'b']);
});

describe('sampler', () => {
  const logits = Float32Array.of(2, 1, 0, -1, -9);
  const frequencies = (options: object) => {
    const sampler = new Sampler({ temperature: 1, ...options }, 1);
    const counts = new Array<number>(logits.length).fill(0);
    for (let i = 0; i < 4000; i++) counts[sampler.next(logits, []).id]! += 1 / 4000;
    return counts;
  };
  it('draws from the softmax at the temperature', () => {
    for (const temperature of [0.5, 1, 2]) {
      const weights = Array.from(logits, (x) => Math.exp(x / temperature));
      const total = weights.reduce((a, b) => a + b);
      frequencies({ temperature }).forEach((f, i) => expect(Math.abs(f - weights[i]! / total)).toBeLessThan(0.03));
    }
  });
  it('cuts by top-k, top-p and min-p', () => {
    const kept = (options: object) => frequencies(options).filter((f) => f > 0).length;
    expect(kept({ topK: 2 })).toBe(2);
    expect(kept({ topP: 0.6 })).toBe(1); // p = .64 .24 .09 .03
    expect(kept({ topP: 0.7 })).toBe(2);
    expect(kept({ minP: 0.3 })).toBe(2);
    expect(kept({ topK: 3, minP: 0.2 })).toBe(2);
  });
  it('draws as likely from every part of a large vocabulary, and keeps to a cut of it', () => {
    const random = new Random(5);
    const large = Float32Array.from({ length: 1500 }, () => 1.3 * random.normal());
    const sorted = Array.from(large.keys()).toSorted((a, b) => large[b]! - large[a]! || a - b);
    const p = Array.from(large, (x) => Math.exp(x / 0.9));
    const total = p.reduce((sum, x) => sum + x);
    const counts = new Float64Array(30);
    const draws = 12_000;
    const sampler = new Sampler({ temperature: 0.9 }, 1);
    for (let i = 0; i < draws; i++) counts[Math.floor(sampler.next(large, []).id / 50)]! += 1;
    counts.forEach((count, part) => {
      const share = p.slice(part * 50, part * 50 + 50).reduce((sum, x) => sum + x) / total;
      expect(Math.abs(count - draws * share)).toBeLessThan(5 * Math.sqrt(draws * share) + 1);
    });
    let mass = 0;
    const nucleus = sorted.slice(0, sorted.findIndex((id) => (mass += p[id]!) >= 0.4 * total) + 1);
    for (const [options, kept] of [
      [{ topK: 37 }, sorted.slice(0, 37)],
      [{ topP: 0.4 }, nucleus],
      [{ minP: 0.2 }, sorted.filter((id) => p[id]! >= 0.2 * p[sorted[0]!]!)],
    ] as const) {
      const cut = new Sampler({ temperature: 0.9, ...options }, 1);
      const drawn = new Set(Array.from({ length: draws }, () => cut.next(large, []).id));
      expect(kept.length).toBeGreaterThan(5);
      expect(drawn).toEqual(new Set(kept));
    }
  });
  it('penalises repetition without touching the reported log-probability', () => {
    const { id, logprob } = new Sampler({ temperature: 0, repetitionPenalty: 4 }, 0).next(logits, [0]);
    expect(id).toBe(1);
    expect(logprob).toBeCloseTo(1 - Math.log(Array.from(logits).reduce((sum, x) => sum + Math.exp(x), 0)), 5);
  });
  it.each([{ temperature: -1 }, { topP: 0 }, { topK: 1.5 }, { minP: 2 }, { repetitionPenalty: 0 }, { seed: -1 }])(
    'rejects %o',
    (options) => expect(() => new Sampler(options, 0)).toThrow(/must be/),
  );
});
