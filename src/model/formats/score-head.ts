/**
 * The head of Transformers' `...ForSequenceClassification` models: `score.weight` on the last token's hidden state, without
 * a bias (transformers, modeling_gpt2.py and modeling_layers.py). Reward models are the same with one label.
 */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import { describeIssues, type ModelConfig } from '../config.js';
import type { JsonObject } from './json.js';
import type { Safetensors } from './safetensors.js';

/** Name of the tensor, in the file of a model; PEFT puts `base_model.model.` before it. */
export const SCORE = 'score.weight';

/** A classification head as it is stored. */
export interface StoredScore {
  /** In the order of the rows. */
  labels: readonly string[];
  /** What the rows are multiplied with: the last token's hidden state, or the mean over the text's, which only we know. */
  pooling: 'last' | 'mean';
  /** [labels, width] */
  weight: Float32Array;
}

/** The part of a config.json, or of the file beside an adapter, that says what the rows of the head are. */
const schema = z.looseObject({
  id2label: z.record(z.string().regex(/^\d+$/), z.string()).nullish(),
  num_labels: z.int().min(1).nullish(),
  telar_pooling: z.enum(['last', 'mean']).default('last'),
});

/** The language model's architecture that a classifier's is made of, or null for anything else. */
export function baseArchitecture(architecture: unknown): string | null {
  if (typeof architecture !== 'string' || !architecture.endsWith('ForSequenceClassification')) return null;
  const base = architecture.slice(0, -'ForSequenceClassification'.length);
  return base === 'GPT2' ? 'GPT2LMHeadModel' : `${base}ForCausalLM`;
}

/**
 * Labels and pooling. Without `id2label` there are as many labels as `num_labels` says, or 2, as in Transformers.
 * @throws InputError for ids that are not 0, 1, 2, ...
 */
export function describedScore(json: JsonObject, where: string): Omit<StoredScore, 'weight'> {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new InputError(`${where}: ${describeIssues(parsed.error)}`);
  const { id2label, num_labels: count, telar_pooling: pooling } = parsed.data;
  if (!id2label) return { labels: Array.from({ length: count ?? 2 }, (_, i) => `LABEL_${i}`), pooling };
  const size = Object.keys(id2label).length;
  const labels = Array.from({ length: size }, (_, i) => id2label[i]);
  const known = labels.filter((label) => label !== undefined);
  if (size === 0 || known.length !== size) throw new InputError(`${where}: id2label must number labels from 0 on`);
  return { labels: known, pooling };
}

/** What a config.json says besides the language model's own keys. */
export function scoreJson({ labels, pooling }: Omit<StoredScore, 'weight'>): JsonObject {
  return {
    id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
    ...(labels.length > 1 && { problem_type: 'single_label_classification' }),
    ...(pooling !== 'last' && { telar_pooling: pooling }),
  };
}

/** The config.json of a language model as that of a classifier. Batches in Transformers need a padding token. */
export function classifierJson(json: JsonObject, config: ModelConfig, score: StoredScore): JsonObject {
  const [architecture] = json['architectures'] as [string];
  const base = architecture.replace(/(LMHeadModel|ForCausalLM)$/, '');
  return {
    ...json,
    architectures: [`${base}ForSequenceClassification`],
    pad_token_id: config.eosTokenIds[0] ?? config.bosTokenId ?? 0,
    ...scoreJson(score),
  };
}

/** Reads the head from a file. @throws InputError when it is missing or of another shape */
export function readScore(
  file: Safetensors,
  name: string,
  described: Omit<StoredScore, 'weight'>,
  width: number,
): StoredScore {
  const entry = file.entries.get(name);
  const wanted = [described.labels.length, width];
  if (!entry) throw new InputError(`${file.path}: missing tensor ${name}, the classification head`);
  if (entry.shape.join() !== wanted.join())
    throw new InputError(`${file.path}: ${name} is [${entry.shape}], not [${wanted}] as labels and width say`);
  const weight = new Float32Array(wanted[0]! * width);
  file.read(name, weight);
  return { ...described, weight };
}
