/**
 * Which examples a few-shot prompt shows: fixed, random, or those nearest to the question by embedding (Liu et al. 2022,
 * "What makes good in-context examples for GPT-3?"). Where there are labels, each has its turn; never the question itself.
 */
import { InputError } from '../io/errors.js';
import { Random } from '../io/hash-random.js';
import { type Example, keyOf } from './examples.js';
import type { PromptFile } from './prompt-file.js';
import type { Values } from './values.js';

/** Unit vectors of texts, one each. */
export type Embed = (texts: readonly string[]) => Promise<readonly Float32Array[]>;

/** Chooses examples for questions, the first to be left out last. */
export type Selector = (values: Values) => Example[];

/**
 * A selector as the prompt file says. With `nearest`, embeds the pool once and all `questions` along with it.
 * @param questions those that will be asked; only `nearest` looks at them
 * @throws InputError where embeddings are needed and `embed` is not given
 */
export async function exampleSelector(
  file: PromptFile,
  questions: readonly Values[],
  embed?: Embed,
): Promise<Selector> {
  const { select, seed, count = file.pool.length } = file.settings.examples;
  const labels = file.settings.output.kind === 'labels' ? Object.keys(file.settings.output.labels) : null;
  if (count === 0 || !file.body.hasExamples) return () => [];
  const take = (order: readonly Example[], values: Values): Example[] => {
    const key = keyOf(values);
    const others = order.filter((example) => keyOf(example.values) !== key);
    return (labels === null ? others : inTurns(others, labels)).slice(0, count);
  };
  if (select === 'fixed') return (values) => take(file.pool, values);
  if (select === 'random')
    return (values) => take(new Random(seed, streamOf(keyOf(values))).shuffle([...file.pool]), values);
  if (!embed) throw new InputError(`${file.path}: choosing the nearest examples needs a model that embeds`);
  const keys = [...new Set(questions.map(keyOf))];
  const texts = new Map(questions.map((values) => [keyOf(values), textOf(values)]));
  const vectors = await embed([
    ...file.pool.map((example) => textOf(example.values)),
    ...keys.map((key) => texts.get(key)!),
  ]);
  const own = new Map(keys.map((key, i) => [key, vectors[file.pool.length + i]!]));
  return (values) => {
    const question = own.get(keyOf(values));
    if (!question) throw new Error('a question that was not announced');
    const near = file.pool.map((example, i) => ({ example, i, cosine: dot(vectors[i]!, question) }));
    near.sort((a, b) => b.cosine - a.cosine || a.i - b.i);
    return take(
      near.map(({ example }) => example),
      values,
    );
  };
}

/**
 * The order in which chosen examples are shown: the nearest stand next to the question, others as they were chosen.
 */
export function shownOrder(file: PromptFile, chosen: readonly Example[]): Example[] {
  return file.settings.examples.select === 'nearest' ? chosen.toReversed() : [...chosen];
}

/** One of each label after the other, each label's in the order given, until none is left. */
export function inTurns(examples: readonly Example[], labels: readonly string[]): Example[] {
  const queues = labels.map((label) => examples.filter(({ answer }) => answer === label));
  // The label whose example comes first in the order given begins.
  const first = new Map(labels.map((label) => [label, examples.findIndex(({ answer }) => answer === label)]));
  queues.sort((a, b) => (first.get(a[0]?.answer ?? '') ?? Infinity) - (first.get(b[0]?.answer ?? '') ?? Infinity));
  const longest = Math.max(0, ...queues.map((queue) => queue.length));
  return Array.from({ length: longest }, (_, i) => queues.flatMap((queue) => queue.slice(i, i + 1))).flat();
}

function textOf(values: Values): string {
  return [...values.values()].join('\n');
}

/** A stream of random numbers for a text (FNV-1a). */
function streamOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
