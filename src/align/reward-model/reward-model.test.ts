import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../../test/reference/gradient-check.js';
import { linear, memoryUse } from '../../engine/index.js';
import { InputError } from '../../io/errors.js';
import { Random } from '../../io/hash-random.js';
import type { AdapterConfig } from '../../model/index.js';
import { Optimizer, train } from '../../train/index.js';
import { writeTinyModel } from '../../tune/fixtures.js';
import { type Base, layOut, loadBase, planAdapter, planOptimizer } from '../../tune/index.js';
import { saveHead, ScoreHead } from '../../understand/index.js';
import { Policy } from '../policy.js';
import { encodeAnswer, type PreferencePair, type Prompt } from '../preferences/index.js';
import {
  evaluateRewardModel,
  inTurn,
  loadRewardModel,
  pairLoss,
  rewardHead,
  rewardModelMethod,
  rewardSettings,
  scoreExamples,
  writeRewardModel,
} from './index.js';
import { poolAnswers } from './rewards.js';

let folder: string;
let path: string;
let base: Base;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'telar-reward-'));
  path = writeTinyModel(folder);
  base = loadBase(path, 'f32');
});
afterAll(() => {
  base.model.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const CONTEXT = 30;
const random = new Random(7);
const letters = (of: string, length: number): string =>
  Array.from({ length }, () => of[random.int(of.length)]!).join('');
/** Polite answers are better than rude ones, whatever the prompt and the length. */
function pairsOf(count: number, prompt: (i: number) => Prompt = (i) => `prompt ${i} `): PreferencePair[] {
  const encode = (prompt: Prompt, answer: string, where: string) => ({
    ...encodeAnswer({ tokenizer: base.tokenizer, template: null, context: CONTEXT }, prompt, answer),
    where,
  });
  return Array.from({ length: count }, (_, i) => {
    const where = `pairs.jsonl:${i + 1}`;
    const asked = prompt(i);
    const [chosen, rejected] = [letters('abcd', 2 + random.int(5)), letters('wxyz', 2 + random.int(5))];
    return {
      prompt: asked,
      chosen: encode(asked, chosen, where),
      rejected: encode(asked, rejected, where),
      margin: i % 3 === 0 ? null : i % 3,
      where,
    };
  });
}

/** float64 loss of rewards [2 · pairs]. */
const reference = (rewards: readonly number[], margins: readonly number[], centring: number, over: number): number =>
  margins.reduce((sum, margin, i) => {
    const [c, r] = [rewards[2 * i]!, rewards[2 * i + 1]!];
    return sum + (Math.log1p(Math.exp(-(c - r - margin))) + centring * (c + r) ** 2) / over;
  }, 0);

describe('the loss', () => {
  it.each([
    [0, [0, 0, 0]],
    [0.25, [0.5, 0, 2]],
  ])('has the gradients of its definition with centring %f and margins %j', (centring, margins) => {
    check(
      [[6, 1]],
      ([rewards]) => pairLoss(rewards!, { margins: Float32Array.from(margins), centring, pairsInStep: 5 }),
      ([rewards]) => [reference(rewards!, margins, centring, 5)],
      11,
    );
  });

  it.each(['last', 'mean'] as const)('reaches states and head through %s pooling', (pooling) => {
    const example = (tokens: number, prompt: number) => ({
      tokens: new Int32Array(tokens).fill(1),
      learned: Uint8Array.from({ length: tokens }, (_, i) => (i >= prompt ? 1 : 0)),
      where: '',
    });
    // [prompt, tokens read]: the last one has an answer without tokens.
    const shapes = [
      [2, 5],
      [1, 3],
      [3, 4],
      [3, 3],
    ] as const;
    const batch = layOut(shapes.map(([prompt, read]) => example(read + 1, prompt)));
    check(
      [
        [15, 5],
        [1, 5],
      ],
      ([hidden, head]) =>
        pairLoss(linear(poolAnswers(hidden!, batch, pooling), head!), {
          margins: Float32Array.of(0.3, 0),
          centring: 0.1,
          pairsInStep: 2,
        }),
      ([hidden, head]) => {
        let start = 0;
        const rewards = shapes.map(([prompt, read]) => {
          const end = start + read;
          const from = pooling === 'last' ? end - 1 : Math.min(end - 1, start + prompt);
          let sum = 0;
          for (let row = from; row < end; row++)
            for (let j = 0; j < 5; j++) sum += (hidden![row * 5 + j]! * head![j]!) / (end - from);
          start = end;
          return sum;
        });
        return [reference(rewards, [0.3, 0], 0.1, 2)];
      },
      3,
    );
  });
});

const SETTINGS = rewardSettings.parse({ pooling: 'last' });
const lora = (): AdapterConfig | null => planAdapter('lora', base.model.config, { rank: 4 });
const START = { adapter: null, init: 'vocabulary', text: null } as const;
/** Runs `work` with a policy and head, and frees both. */
async function withPolicy<T>(
  adapter: AdapterConfig | null,
  settings: typeof SETTINGS,
  work: (policy: Policy, head: ScoreHead) => Promise<T> | T,
): Promise<T> {
  const head = rewardHead(base.model.config.width, settings);
  const policy = new Policy(base, { adapter: adapter as never, start: START, seed: 1 }, head);
  try {
    return await work(policy, head);
  } finally {
    policy.dispose();
    head.dispose();
  }
}

describe('the method', () => {
  it('begins at log 2, with no preference', async () => {
    const pairs = pairsOf(6);
    await withPolicy(lora(), SETTINGS, async (policy, head) => {
      const common = { policy, head, settings: SETTINGS, seed: 1, train: pairs, heldOut: pairs };
      const method = rewardModelMethod(common);
      const batch = await method.batches.next();
      expect(method.gradients(batch, batch.scored)).toBeCloseTo(Math.LN2, 6);
      expect(method.numbers()).toEqual({ accuracy: 0.5, margin: 0 });
      expect(await method.evaluation.measure()).toMatchObject({
        heldOutLoss: expect.closeTo(Math.LN2, 9) as number,
        heldOutAccuracy: 0.5,
        heldOutMargin: 0,
      });
      expect(method.criterion).toEqual({ metric: 'heldOutLoss', wanted: 'lowest' });
      for (const { grad } of policy.parameters.values()) grad?.data.fill(0);
    });
  });

  it('gives one gradient however an update is divided', async () => {
    const pairs = pairsOf(12);
    await withPolicy(lora(), SETTINGS, async (policy, head) => {
      head.weight.data.forEach((_, i, all) => (all[i] = Math.sin(i)));
      const settings = { ...SETTINGS, margin: 1, centring: 0.1 };
      const gradients = async (batchTokens: number) => {
        const method = rewardModelMethod({ policy, head, settings, seed: 1, train: pairs, heldOut: [], batchTokens });
        let loss = 0;
        for (const { grad } of policy.parameters.values()) grad?.data.fill(0);
        while (method.batches.epochs < 1) loss += method.gradients(await method.batches.next(), pairs.length);
        return { loss, values: [...policy.parameters.values()].flatMap(({ grad }) => [...grad!.data]) };
      };
      const [whole, parts] = [await gradients(2048), await gradients(60)];
      expect(parts.loss / whole.loss).toBeCloseTo(1, 5);
      const most = Math.max(...whole.values.map(Math.abs));
      expect(most).toBeGreaterThan(0.01);
      parts.values.forEach((x, i) => expect((x - whole.values[i]!) / most).toBeCloseTo(0, 5));
    });
  });

  it('says that a head goes with a LoRA or with all weights', async () => {
    const prompt = planAdapter('prompt', base.model.config, { virtualTokens: 3 });
    await withPolicy(prompt, SETTINGS, (policy, head) => {
      const make = () =>
        rewardModelMethod({ policy, head, settings: SETTINGS, seed: 1, train: pairsOf(3), heldOut: [] });
      expect(make).toThrow(new InputError('a reward model trains a LoRA or all weights, not virtual tokens'));
    });
  });

  const variants: [string, () => AdapterConfig | null, 'last' | 'mean', (i: number) => Prompt][] = [
    ['full', () => null, 'mean', (i) => `prompt ${i} `],
    ['lora', lora, 'last', (i) => [{ role: 'user', content: `prompt ${i}` }]],
    ['cut', lora, 'mean', (i) => `a prompt that is too long for the context ${i} `],
  ];
  it.each(variants)(
    '%s: learns, and the folder gives the rewards of training',
    async (name, adapter, pooling, prompt) => {
      const before = memoryUse().buffers;
      const [learned, heldOut] = [pairsOf(60, prompt), pairsOf(30, prompt)];
      const settings = { ...SETTINGS, pooling };
      const out = join(folder, name);
      // Full training changes the base: a copy of its own.
      const shared = base;
      if (name === 'full') base = loadBase(path, 'f32');
      const rewards = await withPolicy(adapter(), settings, async (policy, head) => {
        const method = rewardModelMethod({ policy, head, settings, seed: 2, train: learned, heldOut });
        const kind = name === 'full' ? 'full' : 'lora';
        const optimizer = new Optimizer(
          policy.parameters,
          planOptimizer(kind, base.model.config, { learningRate: 0.02, optimizer: 'adamw' }),
        );
        const steps = 60;
        await train({ ...method, optimizer, rate: (step) => (step > steps ? null : 1 - step / (steps + 1)) });
        optimizer.dispose();
        expect(method.numbers()['accuracy']).toBeGreaterThan(0.9);
        const { heldOutAccuracy, heldOutLoss } = await method.evaluation.measure();
        expect(heldOutAccuracy).toBeGreaterThan(0.9);
        expect(heldOutLoss).toBeLessThan(0.5);
        const [sample] = await method.evaluation.sample();
        expect(sample!.text).toMatch(/^\nchosen, -?\d+\.\d{3}: *[a-d]+\nrejected, -?\d+\.\d{3}: *[w-z]+$/);
        writeRewardModel(out, { policy, head, context: CONTEXT, card: '# A reward model\n' });
        return scoreExamples(policy.model, head, inTurn(heldOut));
      });
      if (name === 'full') {
        base.model.dispose();
        base = shared;
      }
      const loaded = loadRewardModel(out);
      const text = ({ tokens, learned }: PreferencePair['chosen']): string =>
        base.tokenizer.decode(tokens.filter((_, i) => learned[i] === 1).subarray(0, -1)).trim();
      const items = heldOut.flatMap(({ prompt, chosen, rejected }) =>
        [chosen, rejected].map((example) => ({ prompt, completion: text(example) })),
      );
      const again = await loaded.score(items);
      again.forEach((reward, i) => expect(reward).toBeCloseTo(rewards[i]!, 4));
      loaded.dispose();
      expect(memoryUse().buffers).toBe(before);
      expect(existsSync(join(out, 'README.md'))).toBe(true);
      const config = readFileSync(join(out, name === 'full' ? 'config.json' : 'adapter_config.json'), 'utf8');
      expect(config).toContain(name === 'full' ? '"LlamaForSequenceClassification"' : '"SEQ_CLS"');
    },
  );
});

describe('folders', () => {
  it('says what is wrong', async () => {
    const two = join(folder, 'two');
    const head = new ScoreHead(['a', 'b'], 'last', 16);
    saveHead(two, base, head);
    head.dispose();
    expect(() => loadRewardModel(two)).toThrow('a head of 2 labels: a reward model has one');
    const one = join(folder, 'one');
    const single = new ScoreHead(['LABEL_0'], 'last', 16);
    saveHead(one, base, single);
    single.dispose();
    const before = memoryUse().buffers;
    const foreign = loadRewardModel(one);
    await expect(foreign.score([{ prompt: 'a', completion: 'b'.repeat(80) }])).rejects.toThrow(
      /answer 1 cannot be judged by .*its answer has 81 tokens/,
    );
    expect([...(await foreign.score([{ prompt: 'a', completion: '' }]))]).toEqual([0]);
    foreign.dispose();
    writeFileSync(join(one, 'reward_model.json'), '{"context": "all"}');
    expect(() => loadRewardModel(one)).toThrow(InputError);
    expect(() => loadRewardModel(path)).toThrow('has no head over labels');
    expect(memoryUse().buffers).toBe(before);
  });
});

it('is compared with length alone, learned from the training pairs', async () => {
  const pairs = pairsOf(40);
  const longer = (pair: PreferencePair): boolean => pair.chosen.tokens.length > pair.rejected.tokens.length;
  const train = pairs.filter(longer);
  const heldOut = pairs.filter((pair) => !longer(pair) && pair.chosen.tokens.length < pair.rejected.tokens.length);
  const head = rewardHead(16, SETTINGS);
  const { lengthOnly } = await evaluateRewardModel(base.model, head, heldOut, train);
  expect(lengthOnly!.accuracy).toBe(0);
  head.dispose();
});
