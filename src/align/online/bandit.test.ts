/**
 * A policy of which the best is known: with a reward for each of a token in two, and a price of β a nat, the best distribution
 * of completions y is π₀(y) · exp(r(y)/β), normalised (Korbak et al. 2022).
 */
import { afterAll, describe, expect, it } from 'vitest';
import { scope } from '../../engine/index.js';
import { initializeTransformer, newModelConfig } from '../../model/index.js';
import type { Tokenizer } from '../../tokenizer/index.js';
import { Optimizer, train } from '../../train/index.js';
import { type Base, planOptimizer } from '../../tune/index.js';
import { tinyPlan } from '../fixtures.js';
import { Policy } from '../policy.js';
import { rewardsOf } from './fixtures.js';
import { onlineMethod, onlineSettings, type OnlineSettings, valueHead } from './index.js';

const LETTERS = 'abcde';
const [TOKEN, END, VOCAB] = [4, 5, 6];
const BETA = 0.5;
const STEPS = 200;

/** Reads and writes five letters. */
const tokenizer = {
  vocabSize: VOCAB,
  eos: END,
  bos: null,
  decode: (ids: ArrayLike<number>) => Array.from(ids, (id) => LETTERS[id] ?? '').join(''),
} as unknown as Tokenizer;

function bandit(): Base {
  const config = newModelConfig('llama', {
    vocabSize: VOCAB,
    context: 8,
    layers: 1,
    width: 16,
    heads: 2,
    bosTokenId: null,
    eosTokenIds: [END],
  });
  const model = initializeTransformer(config, 1);
  // The head is the embedding: small rows could not tell one token from another.
  for (const [i, x] of model.parameters.get('embed.weight')!.data.entries())
    model.parameters.get('embed.weight')!.data[i] = 12 * x;
  return { path: '', sha256: '', dtype: 'f32', model, tokenizer, template: null };
}

/** Probabilities of the next token. */
function next({ model }: Base, tokens: readonly number[]): number[] {
  return scope(() => {
    const positions = Int32Array.from(tokens, (_, i) => i);
    const sequenceStarts = Int32Array.of(0, tokens.length);
    const logits = model.logits(model.hidden({ tokens: Int32Array.from(tokens), positions, sequenceStarts })).data;
    const weights = Array.from(logits.subarray(logits.length - VOCAB), (x) => Math.exp(x));
    const total = weights.reduce((sum, x) => sum + x, 0);
    return weights.map((x) => x / total);
  });
}

/** Probability of every completion of at most so many tokens, by its text and its end. */
function completions(base: Base, prompt: readonly number[], length: number): Map<string, number> {
  if (length === 0) return new Map([['', 1]]);
  const all = new Map<string, number>();
  for (const [id, p] of next(base, prompt).entries())
    if (id === END) all.set('.', p);
    else for (const [rest, q] of completions(base, [...prompt, id], length - 1)) all.set(LETTERS[id]! + rest, p * q);
  return all;
}

const count = (text: string): number => text.split(LETTERS[TOKEN]!).length - 1;

function distance(a: Map<string, number>, b: Map<string, number>): number {
  return [...a].reduce((sum, [y, p]) => sum + Math.abs(p - b.get(y)!), 0) / 2;
}

const ppo = (settings: object): OnlineSettings => ({ method: 'ppo', ...onlineSettings('ppo').parse(settings) });
const grpo = (settings: object): OnlineSettings => ({ method: 'grpo', ...onlineSettings('grpo').parse(settings) });
/** Where the price is paid for the distance from the policy to the reference. */
const forward = (p: Map<string, number>): Map<string, number> => {
  const weights = [...p].map(([y, x]) => [y, x * Math.exp(count(y) / BETA)] as const);
  const total = weights.reduce((sum, [, x]) => sum + x, 0);
  return new Map(weights.map(([y, x]) => [y, x / total]));
};

/** Where it is paid for the distance the other way, which the gradient of k3 is of: β π₀/(λ - r), λ such that it adds up to 1. */
const backward = (p: Map<string, number>): Map<string, number> => {
  const at = (lambda: number): [string, number][] => [...p].map(([y, x]) => [y, (BETA * x) / (lambda - count(y))]);
  const sum = (lambda: number): number => at(lambda).reduce((total, [, x]) => total + x, 0);
  let [low, high] = [1 + 1e-9, 1 + BETA];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (sum(middle) > 1) low = middle;
    else high = middle;
  }
  return new Map(at(high));
};

const common = { klCoefficient: BETA, minibatches: 2 };
const two = { ...common, maxNewTokens: 2 };
const one = { ...common, maxNewTokens: 1, rolloutPrompts: 64 };

describe('the best policy of a bandit is found', () => {
  const base = bandit();
  afterAll(() => base.model.dispose());
  const prompts = [[0], [1, 2], [3, 4, 0]].map((tokens, i) => ({
    prompt: `p${i}`,
    tokens: Int32Array.from(tokens),
    record: {},
    where: `p:${i}`,
  }));

  it.each([
    ['ppo, KL in the reward', ppo({ ...two, rolloutPrompts: 512 }), forward, 0.08],
    ['rloo, KL in the reward', grpo({ ...two, rolloutPrompts: 64, variant: 'rloo', klIn: 'reward', klEstimator: 'k1' }), forward, 0.08], // prettier-ignore
    // The advantage has no part of this distance, whose gradient is therefore the noisiest.
    ['dr_grpo, KL in the loss by k1', grpo({ ...one, rolloutPrompts: 192, variant: 'dr_grpo', klEstimator: 'k1' }), forward, 0.1], // prettier-ignore
    ['dr_grpo, KL in the loss by k3', grpo({ ...one, variant: 'dr_grpo', klEstimator: 'k3' }), backward, 0.08],
  ] as const)('%s', async (_, settings, bestOf, tolerance) => {
    const head = settings.method === 'ppo' ? valueHead(16) : null;
    const all = (): Map<string, number>[] =>
      prompts.map(({ tokens }) => completions(base, [...tokens], settings.maxNewTokens));
    const start = all();
    const best = start.map(bestOf);
    // The head too: that of so small a model could say little else than it does.
    const plan = tinyPlan(base, 'lora');
    const adapter = plan.adapter?.kind === 'lora' ? { ...plan.adapter, modulesToSave: ['head'] } : null;
    const policy = new Policy(base, { ...plan, adapter }, head);
    const rewards = rewardsOf('count', ({ completion }) => count(completion));
    const method = onlineMethod({
      policy,
      settings,
      head,
      train: prompts,
      heldOut: [],
      rewards,
      checks: null,
      seed: 1,
    });
    const optimizer = new Optimizer(
      policy.parameters,
      planOptimizer('lora', base.model.config, { learningRate: 0.02 }),
    );
    await train({
      optimizer,
      batches: method.batches,
      gradients: (batch, scored) => method.gradients(batch, scored),
      accumulate: 1,
      rate: (step) => (step > STEPS ? null : 1 - (step - 1) / STEPS),
    });
    const far = all().map((p, i) => distance(p, best[i]!));
    optimizer.dispose();
    method.dispose();
    policy.dispose();
    head?.dispose();
    for (const [i, p] of start.entries()) expect(distance(p, best[i]!)).toBeGreaterThan(0.2);
    expect(Math.max(...far)).toBeLessThan(tolerance);
  });
});
