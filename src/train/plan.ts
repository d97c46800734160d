/**
 * What a pretraining run will be: one dial, `depth`, gives a model and its training by rule, and every value can be given
 * instead (after nanochat's depth dial).
 */
import { InputError } from '../io/errors.js';
import { type ModelConfig, newModelConfig } from '../model/index.js';
import type { OptimizerConfig } from './optimizer.js';
import type { ScheduleOptions } from './schedule.js';

/** Values a caller may give; all others follow from `depth`. */
export interface PlanOptions {
  /** Layers; heads of 64 channels, as many as layers. Default 3: what learns most in ten minutes on two cores. */
  depth?: number;
  layers?: number;
  width?: number;
  heads?: number;
  /** Longest sequence in tokens. Default 256. */
  context?: number;
  /** Tokens of one update. */
  batchTokens?: number;
  optimizer?: 'muon' | 'adamw';
  /** Peak learning rate of AdamW. */
  learningRate?: number;
  schedule?: ScheduleOptions['shape'];
}

export interface Plan {
  model: ModelConfig;
  optimizer: OptimizerConfig;
  schedule: ScheduleOptions & { decayFraction: number };
  /** Rows of `context` tokens in a batch, and batches in an update. */
  rowsPerBatch: number;
  accumulate: number;
}

/** Tokens that go through the model at a time: enough to keep the kernels busy, little enough to stay in memory. */
const TOKENS_AT_A_TIME = 2048;

/**
 * The rules. width = 64 · depth; heads = width / 64 (or the divisor of width that comes nearest); batch = 2,048 tokens up
 * to depth 6, doubled for each further doubling; AdamW 0.007 · sqrt(256 / width) (0.003 · ... where it has all the weights); Muon
 * 0.02 at any width; warmup 40 updates, then stable, then a line to zero over the second half.
 * @throws InputError for sizes that make no model
 */
export function makePlan(
  vocabulary: { vocabSize: number; bos: number | null; eos: number | null },
  options: PlanOptions,
): Plan {
  const layers = options.layers ?? options.depth ?? 3;
  const width = options.width ?? 64 * (options.depth ?? layers);
  const heads = options.heads ?? nearestDivisor(width, Math.max(1, Math.round(width / 64)));
  const context = options.context ?? 256;
  const model = newModelConfig('llama', {
    vocabSize: vocabulary.vocabSize,
    context,
    layers,
    width,
    heads,
    qkNorm: true,
    bosTokenId: vocabulary.bos,
    eosTokenIds: vocabulary.eos === null ? [] : [vocabulary.eos],
  });
  const batchTokens = options.batchTokens ?? TOKENS_AT_A_TIME * 2 ** Math.max(0, Math.ceil(Math.log2(layers / 6)));
  if (batchTokens < context)
    throw new InputError(`--batch-tokens ${batchTokens} is less than one row of the context, ${context}`);
  const rows = Math.max(1, Math.round(batchTokens / context));
  const rowsPerBatch = Math.min(rows, Math.max(1, Math.floor(TOKENS_AT_A_TIME / context)));
  const kind = options.optimizer ?? 'muon';
  return {
    model,
    optimizer: {
      kind,
      learningRate: options.learningRate ?? (kind === 'muon' ? 7e-3 : 3e-3) * Math.sqrt(256 / width),
      matrixLearningRate: 0.02,
      beta1: 0.9,
      beta2: 0.95,
      eps: 1e-8,
      weightDecay: 0.1,
      momentum: 0.95,
      clip: 1,
    },
    schedule: { shape: options.schedule ?? 'wsd', warmupSteps: 40, decayFraction: 0.5, finalFraction: 0 },
    rowsPerBatch,
    accumulate: Math.max(1, Math.round(rows / rowsPerBatch)),
  };
}

function nearestDivisor(n: number, wanted: number): number {
  for (let away = 0; away < n; away++)
    for (const candidate of [wanted - away, wanted + away])
      if (candidate > 0 && n % candidate === 0 && (n / candidate) % 2 === 0) return candidate;
  return 1;
}

/** Row ranges of the queries, keys and values in each fused projection: matrices of their own to Muon. */
export function projectionBlocks(config: ModelConfig): Map<string, [number, number][]> {
  const [q, kv] = [config.heads * config.headDim, config.kvHeads * config.headDim];
  const blocks: [number, number][] = [
    [0, q],
    [q, kv],
    [q + kv, kv],
  ];
  return new Map(Array.from({ length: config.layers }, (_, i) => [`layers.${i}.attn.qkv.weight`, blocks]));
}

/** The smallest run that is stable for its first `steps` steps and decays over `fraction` of all. */
export function totalWithDecay(steps: number, fraction: number): number {
  let total = Math.floor(steps / (1 - fraction));
  while (total - Math.ceil(fraction * total) < steps) total++;
  return total;
}
