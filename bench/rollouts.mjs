/**
 * Tokens a second of batched generation against one sequence at a time, at temperature 1 as rollouts are: the weights are read
 * once for all sequences of a batch.
 *
 *   node bench/rollouts.mjs
 */
import { kernels } from 'telar/engine';
import { generateTokens } from 'telar/generate';
import { initializeTransformer, newModelConfig } from 'telar/model';
import { table } from '../examples/table.mjs';

kernels.setThreads(kernels.hardwareThreads());
const SHAPES = {
  '6 layers x 384, vocabulary 4,096': { layers: 6, width: 384, heads: 6, vocabSize: 4096 },
  'GPT-2, 12 layers x 768, vocabulary 50,257': { layers: 12, width: 768, heads: 12, vocabSize: 50_257 },
};
const [PROMPT, TOKENS, ROUNDS] = [32, 32, 3];
const SEQUENCES = 16;

const rows = [];
for (const [name, shape] of Object.entries(SHAPES)) {
  const model = initializeTransformer(
    newModelConfig('gpt2', { context: 256, bosTokenId: null, eosTokenIds: [], ...shape }),
    1,
  );
  const speeds = { 1: [], [SEQUENCES]: [] };
  for (let round = 0; round <= ROUNDS; round++)
    for (const count of [1, SEQUENCES]) {
      const speed = await tokensPerSecond(model, count, round);
      if (round > 0) speeds[count].push(speed); // the first round allocates
    }
  const ratio = median(speeds[SEQUENCES].map((speed, i) => speed / speeds[1][i]));
  rows.push([name, median(speeds[1]).toFixed(0), median(speeds[SEQUENCES]).toFixed(0), ratio.toFixed(1)]);
  model.dispose();
}
console.log(table(['model', 'one sequence, tokens/s', `${SEQUENCES} sequences`, 'ratio'], rows));
console.log(
  `Medians of ${ROUNDS} rounds, ${TOKENS} tokens after prompts of ${PROMPT}, prefill included, ${kernels.threads()} threads.`,
);

async function tokensPerSecond(model, count, seed) {
  const prompts = Array.from({ length: count }, (_, i) =>
    Int32Array.from({ length: PROMPT }, (_, t) => (i * 31 + t * 7) % 500),
  );
  const begin = performance.now();
  let tokens = 0;
  for await (const _ of generateTokens(model, prompts, { temperature: 1, maxTokens: TOKENS, seed })) tokens++;
  return (1000 * tokens) / (performance.now() - begin);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
