/**
 * Losses of the first steps of two small runs, as they were when the figures were committed: whatever changes what
 * training computes shows here. `UPDATE=1 npx vitest run src/train/trajectory` writes them anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { shardsInMemory, TrainingBatches } from '../corpus/index.js';
import { initializeTransformer, newModelConfig } from '../model/index.js';
import { byteTokenizer } from '../tokenizer/index.js';
import { train } from './loop.js';
import { lossAndGradients } from './objective.js';
import { Optimizer } from './optimizer.js';
import { projectionBlocks } from './plan.js';
import { createSchedule } from './schedule.js';

const path = fileURLToPath(new URL('../../test/reference/trajectories.json', import.meta.url));
const STEPS = 25;

async function losses(family: 'gpt2' | 'llama', kind: 'adamw' | 'muon'): Promise<number[]> {
  const tokenizer = byteTokenizer();
  const text = 'Warp and weft, over and under; a shuttle, a reed, a heddle and a beam.\n';
  const shards = shardsInMemory(tokenizer, { train: [text.repeat(9), text.toUpperCase().repeat(4)], heldOut: [text] });
  const config = newModelConfig(family, {
    vocabSize: tokenizer.vocabSize,
    context: 24,
    layers: 2,
    width: 48,
    heads: 4,
    ...(family === 'llama' && { kvHeads: 2, qkNorm: true }),
  });
  const model = initializeTransformer(config, 3);
  const optimizer = new Optimizer(
    model.parameters,
    { kind, learningRate: 4e-3, matrixLearningRate: 0.02, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1, momentum: 0.95, clip: 1 }, // prettier-ignore
    projectionBlocks(config),
  );
  const schedule = createSchedule({ shape: 'wsd', warmupSteps: 5, decayFraction: 0.4 });
  const found: number[] = [];
  await train({
    gradients: (batch, scored) => lossAndGradients(model, batch, scored),
    optimizer,
    batches: new TrainingBatches({ shards, context: 24, rowsPerBatch: 4, seed: 2 }),
    accumulate: 2,
    rate: (step) => (step > STEPS ? null : schedule(step - 1, STEPS)),
    onStep: ({ loss }) => void found.push(Number(loss.toPrecision(7))),
  });
  optimizer.dispose();
  model.dispose();
  return found;
}

it('trains as it did', async () => {
  const now = { 'gpt2, adamw': await losses('gpt2', 'adamw'), 'llama, muon': await losses('llama', 'muon') };
  if (process.env['UPDATE']) writeFileSync(path, `${JSON.stringify(now, null, 1)}\n`);
  const committed = JSON.parse(readFileSync(path, 'utf8')) as typeof now;
  for (const [name, expected] of Object.entries(committed)) {
    const found = now[name as keyof typeof now];
    expect(found).toHaveLength(STEPS);
    // Instruction sets add in different orders, and the differences grow from step to step.
    expected.forEach((loss, i) =>
      expect(Math.abs(found[i]! - loss), `${name}, step ${i + 1}`).toBeLessThan(2e-4 * (1 + i)),
    );
    expect(found.at(-1)).toBeLessThan(0.6 * found[0]!);
  }
});
