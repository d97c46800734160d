/** A classifier's folder: `config.json`, `weights.int8` and `README.md` (the model card). */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describeError, InputError } from '../io/errors.js';
import { sha256, writeAtomic } from '../io/files.js';
import { type ClassifierModel, LinearClassifier } from './classifier.js';
import { featureOptionsSchema } from './features.js';

const FORMAT = 'telar-classifier';
const VERSION = 1;
const WEIGHTS = 'weights.int8';
const LARGEST_CONFIG = 1 << 20;

const configSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  labels: z.array(z.string().min(1)).min(2).max(100),
  neutral: z.string().nullable(),
  window: z.int().min(16),
  features: featureOptionsSchema,
  weights: z.strictObject({
    file: z.literal(WEIGHTS),
    bytes: z.int().positive(),
    sha256: z.string().regex(/^[\da-f]{64}$/),
    scale: z.number().positive(),
  }),
  bias: z.array(z.number()),
  calibration: z.strictObject({ slopes: z.array(z.number()), offsets: z.array(z.number()) }),
  decision: z.array(z.number().positive()),
  /** Hexadecimal SHA-256 of this document as compact JSON without this field. */
  sha256: z.string(),
});

type Config = z.infer<typeof configSchema>;

/**
 * Writes a classifier's folder, which is created; the config last, so that a folder with one is whole.
 * @param card text of README.md
 * @returns the SHA-256 of the weights
 * @throws RunError when the folder cannot be written
 */
export function saveClassifier(model: ClassifierModel, folder: string, card: string): string {
  const { weights, scale, ...rest } = model;
  const bytes = new Uint8Array(weights.buffer, weights.byteOffset, weights.length);
  const hash = sha256(bytes);
  const content: Omit<Config, 'sha256'> = {
    format: FORMAT,
    version: VERSION,
    labels: [...rest.labels],
    neutral: rest.neutral,
    window: rest.window,
    features: rest.features,
    weights: { file: WEIGHTS, bytes: bytes.length, sha256: hash, scale },
    bias: [...rest.bias],
    calibration: { slopes: [...rest.calibration.slopes], offsets: [...rest.calibration.offsets] },
    decision: [...rest.decision],
  };
  writeAtomic(join(folder, WEIGHTS), bytes);
  writeAtomic(join(folder, 'README.md'), card);
  const config: Config = { ...content, sha256: sha256(JSON.stringify(content)) };
  writeAtomic(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  return hash;
}

/**
 * Loads a classifier's folder and checks all of it: fields, sizes, checksums, labels.
 * @throws InputError naming the file that is missing, damaged or does not fit
 */
export function loadClassifier(folder: string): LinearClassifier {
  const path = join(folder, 'config.json');
  const config = readConfig(path);
  const { labels, neutral, weights: stored } = config;
  const refuse = (reason: string): never => {
    throw new InputError(`${path}: ${reason}`);
  };
  if (new Set(labels).size !== labels.length) refuse('a label is there twice');
  if (neutral !== null && !labels.includes(neutral)) refuse(`the neutral label ${neutral} is none of the labels`);
  for (const [name, list] of [
    ['bias', config.bias],
    ['calibration.slopes', config.calibration.slopes],
    ['calibration.offsets', config.calibration.offsets],
    ['decision', config.decision],
  ] as const)
    if (list.length !== labels.length) refuse(`${name} has ${list.length} numbers for ${labels.length} labels`);
  const size = 2 ** config.features.bucketBits * labels.length;
  if (stored.bytes !== size) refuse(`weights of ${stored.bytes} bytes, where ${size} belong to the labels and buckets`);

  const weightsPath = join(folder, WEIGHTS);
  const bytes = readChecked(weightsPath, size);
  if (sha256(bytes) !== stored.sha256)
    throw new InputError(`${weightsPath}: the checksum is not the one in config.json; the file is damaged`);
  return new LinearClassifier({
    labels,
    neutral,
    features: config.features,
    window: config.window,
    weights: new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length),
    scale: stored.scale,
    bias: config.bias,
    calibration: config.calibration,
    decision: config.decision,
  });
}

function readConfig(path: string): Config {
  let value: unknown;
  try {
    const { size } = statSync(path);
    if (size > LARGEST_CONFIG) throw new InputError(`${path}: ${size} bytes are too many for a classifier's config`);
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = error instanceof SyntaxError ? `not valid JSON (${error.message})` : describeError(error);
    throw new InputError(`cannot read ${path}: ${reason}`, { cause: error });
  }
  const { data, error } = configSchema.safeParse(value);
  if (error) throw new InputError(`${path}: ${z.prettifyError(error).replaceAll(/\s+/g, ' ')}`);
  const { sha256: expected, ...content } = data;
  if (sha256(JSON.stringify(content)) !== expected)
    throw new InputError(`${path}: the checksum does not fit; the file is damaged or was edited`);
  return data;
}

function readChecked(path: string, size: number): Buffer {
  try {
    const found = statSync(path).size;
    if (found !== size) throw new InputError(`${path}: ${found} bytes, expected ${size}`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}
