import { expect, it } from 'vitest';
import { shardsInMemory, TrainingBatches } from '../corpus/index.js';
import { kernels, memoryUse } from '../engine/index.js';
import { sha256 } from '../io/files.js';
import { initializeTransformer, newModelConfig, type Transformer } from '../model/index.js';
import { byteTokenizer } from '../tokenizer/index.js';
import { evaluateHeldOut } from './evaluate.js';
import { train } from './loop.js';
import { lossAndGradients } from './objective.js';
import { Optimizer } from './optimizer.js';

const tokenizer = byteTokenizer();
const sentence = 'The loom holds the warp while the weft goes over and under. ';
const shards = shardsInMemory(tokenizer, { train: [sentence.repeat(8), sentence.repeat(3)], heldOut: [sentence] });
const sizes = { vocabSize: tokenizer.vocabSize, context: 16, layers: 2, width: 32, heads: 2 };

interface Settings {
  kind?: 'adamw' | 'muon';
  rows?: number;
  accumulate?: number;
  steps?: number;
  threads?: number;
  rate?: number;
}

/** Trains a tiny model and returns its losses, a digest of its weights and what `use` makes of it. */
async function run<T>(settings: Settings, use: (model: Transformer) => T | Promise<T>) {
  const { kind = 'muon', rows = 4, accumulate = 1, steps = 5, threads = 2, rate = 1 } = settings;
  const before = kernels.threads();
  kernels.setThreads(threads);
  const model = initializeTransformer(newModelConfig('llama', sizes), 11);
  const optimizer = new Optimizer(model.parameters, {
    kind,
    learningRate: 3e-3 * rate,
    matrixLearningRate: 0.02 * rate,
    beta1: 0.9,
    beta2: 0.95,
    eps: 1e-8,
    weightDecay: 0.01,
    momentum: 0.95,
    clip: 1,
  });
  const batches = new TrainingBatches({ shards, context: sizes.context, rowsPerBatch: rows, seed: 5 });
  const losses: number[] = [];
  try {
    const once = (step: number) => (step <= steps ? 1 : null);
    await train({
      gradients: (batch, scored) => lossAndGradients(model, batch, scored),
      optimizer,
      batches,
      accumulate,
      rate: once,
      onStep: ({ loss }) => void losses.push(loss),
    });
    const weights = [...model.parameters.values()].map((value) => Buffer.from(Float32Array.from(value.data).buffer));
    return { losses, digest: sha256(Buffer.concat(weights)), used: await use(model) };
  } finally {
    optimizer.dispose();
    model.dispose();
    kernels.setThreads(before);
  }
}
const nothing = () => {};

it.each(['adamw', 'muon'] as const)('learns a sentence by heart with %s and leaves no buffers', async (kind) => {
  const before = memoryUse().buffers;
  const { losses, used } = await run({ kind, steps: 150 }, (model) => evaluateHeldOut(model, shards, sizes.context));
  expect(losses[0]).toBeGreaterThan(5);
  expect(losses.at(-1)).toBeLessThan(0.8);
  expect(used.bitsPerByte).toBeLessThan(1.5);
  expect(used.tokens).toBe(sentence.length + 1);
  expect(memoryUse().buffers).toBe(before);
});

it('gives the same bytes at one and at two threads', async () => {
  const [one, two] = [await run({ threads: 1 }, nothing), await run({ threads: 2 }, nothing)];
  expect(two.losses).toEqual(one.losses);
  expect(two.digest).toBe(one.digest);
});

it('takes the same steps however a batch is divided', async () => {
  const whole = await run({ rows: 4, accumulate: 1 }, nothing);
  const parts = await run({ rows: 1, accumulate: 4 }, nothing);
  parts.losses.forEach((loss, i) => expect(loss).toBeCloseTo(whole.losses[i]!, 3));
});

it('stops before the update that would ruin the model', async () => {
  await expect(run({ kind: 'adamw', rate: 1e30, steps: 20 }, nothing)).rejects.toThrow(
    /diverged at step \d+.*learning rate/,
  );
});
