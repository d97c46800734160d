/**
 * Tokens a second of sixteen sequences at once against one at a time, at temperature 1 as rollouts are: of decoding alone, and
 * with the prompts. One sequence is bound by reading the weights, which sixteen read together; they are bound by multiplying.
 *
 *   node bench/rollouts.mjs
 */
import { empty, kernels, scope } from 'telar/engine';
import { generateTokens } from 'telar/generate';
import { initializeTransformer, newModelConfig } from 'telar/model';
import { table } from '../examples/table.mjs';

kernels.setThreads(kernels.hardwareThreads());
const SHAPES = {
  'stories260K: 5 layers x 64, vocabulary 512': [
    'llama',
    { layers: 5, width: 64, heads: 8, kvHeads: 4, vocabSize: 512 },
  ],
  '6 layers x 384, vocabulary 4,096': ['gpt2', { layers: 6, width: 384, heads: 6, vocabSize: 4096 }],
  'GPT-2: 12 layers x 768, vocabulary 50,257': ['gpt2', { layers: 12, width: 768, heads: 12, vocabSize: 50_257 }],
};
const [PROMPT, TOKENS, ROUNDS] = [32, 64, 5];
const SEQUENCES = 16;
const peak = kernels.fmaPeak(300);
const bandwidth = scope(() => {
  const large = empty([64 << 20]).data.fill(1);
  return kernels.readBandwidth(large, 300);
});

const rows = [];
for (const [name, [architecture, shape]] of Object.entries(SHAPES)) {
  const model = initializeTransformer(
    newModelConfig(architecture, { context: 256, bosTokenId: null, eosTokenIds: [], ...shape }),
    1,
  );
  const kinds = { one: [1, false], many: [SEQUENCES, false], group: [SEQUENCES, true] };
  const measured = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  for (let round = 0; round <= ROUNDS; round++)
    for (const [kind, [count, same]] of Object.entries(kinds)) {
      const speeds = await tokensPerSecond(model, count, same, round);
      if (round > 0) measured[kind].push(speeds); // the first round allocates
    }
  const of = (kind, what) => median(measured[kind].map((speeds) => speeds[what]));
  const ratio = (kind, what) => median(measured[kind].map((speeds, i) => speeds[what] / measured.one[i][what]));
  const weights = [...model.parameters.values()].reduce((sum, value) => sum + value.size, 0);
  const perToken = 2 * weights; // multiply-adds count twice
  rows.push([
    name,
    `${of('one', 'decode').toFixed(0)} (${percent((of('one', 'decode') * weights * 4) / 1e9 / bandwidth)} of reading)`,
    `${of('many', 'decode').toFixed(0)} (${percent((of('many', 'decode') * perToken) / 1e9 / peak)} of multiplying)`,
    ratio('many', 'decode').toFixed(1),
    ratio('many', 'whole').toFixed(1),
    ratio('group', 'whole').toFixed(1),
  ]);
  model.dispose();
}
console.log(
  table(
    [
      'model',
      'one sequence, tokens/s decoded',
      `${SEQUENCES} sequences`,
      'ratio',
      'with prompts',
      'with prompts, all equal',
    ],
    rows,
  ),
);
console.log(
  `Medians of ${ROUNDS} rounds, ${TOKENS} tokens after prompts of ${PROMPT}, ${kernels.threads()} threads. Limits of this machine: ` +
    `multiplying ${peak.toFixed(0)} GFLOP/s, reading ${bandwidth.toFixed(0)} GB/s (what fits a cache is read faster).`,
);

/** Of decoding, from the first token on, and of the whole. */
async function tokensPerSecond(model, count, same, seed) {
  const prompts = Array.from({ length: count }, (_, i) =>
    Int32Array.from({ length: PROMPT }, (_, t) => ((same ? 0 : i) * 31 + t * 7) % 500),
  );
  const begin = performance.now();
  let tokens = 0;
  let first = 0;
  for await (const _ of generateTokens(model, prompts, { temperature: 1, maxTokens: TOKENS, seed }))
    if (++tokens === count) first = performance.now();
  const end = performance.now();
  return { decode: (1000 * (tokens - count)) / (end - first), whole: (1000 * tokens) / (end - begin) };
}

function percent(share) {
  return `${(100 * share).toFixed(0)} %`;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
