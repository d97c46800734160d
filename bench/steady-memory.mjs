// 10,000 training steps of a tiny model, with an evaluation and a sample every 500: live native buffers, native memory,
// JavaScript heap and resident size must be flat after the first thousand.
//
//   node bench/steady-memory.mjs [steps]
import { shardsInMemory, TrainingBatches } from '../dist/corpus/index.js';
import { memoryUse } from '../dist/engine/index.js';
import { generateText } from '../dist/generate/index.js';
import { initializeTransformer, newModelConfig } from '../dist/model/index.js';
import { byteTokenizer } from '../dist/tokenizer/index.js';
import { evaluateHeldOut } from '../dist/train/evaluate.js';
import { train } from '../dist/train/loop.js';
import { Optimizer } from '../dist/train/optimizer.js';

const steps = Number(process.argv[2] ?? 10_000);
const tokenizer = byteTokenizer();
// Documents of many lengths, so that batches differ in shape from step to step.
const texts = Array.from({ length: 200 }, (_, i) =>
  'the shuttle flies and the cloth grows '.repeat(1 + ((i * i) % 23)),
);
const shards = shardsInMemory(tokenizer, { train: texts, heldOut: [texts[7]] });
const config = newModelConfig('llama', { vocabSize: tokenizer.vocabSize, context: 64, layers: 2, width: 32, heads: 2 });
const model = initializeTransformer(config, 1);
const optimizer = new Optimizer(model.parameters, {
  kind: 'muon',
  learningRate: 1e-3,
  matrixLearningRate: 0.01,
  beta1: 0.9,
  beta2: 0.95,
  eps: 1e-8,
  weightDecay: 0.1,
  momentum: 0.95,
  clip: 1,
});

const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1).padStart(7);
console.log('  step   loss   live buffers   native MiB   heap MiB   RSS MiB');
await train({
  model,
  optimizer,
  batches: new TrainingBatches({ shards, context: 64, rowsPerBatch: 8, seed: 1 }),
  accumulate: 1,
  rate: (step) => (step > steps ? null : 1),
  async onStep({ step, loss }) {
    if (step % 500 === 0) {
      await evaluateHeldOut(model, shards, 64);
      await generateText(model, tokenizer, ['the'], { maxTokens: 20, seed: step });
    }
    if (step % 1000 !== 0 && step !== 1) return;
    global.gc?.();
    const { buffers, bytes, freeBytes } = memoryUse();
    const { heapUsed, rss } = process.memoryUsage();
    console.log(
      `${String(step).padStart(6)}  ${loss.toFixed(3)}  ${String(buffers).padStart(13)}      ${mebibytes(bytes + freeBytes)}    ${mebibytes(heapUsed)}   ${mebibytes(rss)}`,
    );
  },
});
