/**
 * A model directory in Hugging Face's layout: `config.json`, `model.safetensors` and what goes with them.
 *
 * Reading maps the stored tensors to our names and shapes; writing makes a folder that Transformers loads as it is.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../io/errors.js';
import { writeAtomic } from '../../io/files.js';
import { elementCount, type ModelConfig } from '../config.js';
import { configFromHuggingFace, configToHuggingFace } from './huggingface-config.js';
import { BASE_PREFIX, isKnownBuffer, type StoredPart, storedParts } from './huggingface-names.js';
import { type JsonObject, readJsonFile } from './json.js';
import {
  type Elements,
  openModelSafetensors,
  type Safetensors,
  type TensorToWrite,
  writeSafetensors,
} from './safetensors.js';
import { baseArchitecture, classifierJson, describedScore, readScore, SCORE, type StoredScore } from './score-head.js';
import type { StoredModel } from './stored-model.js';
import { checkFolder, type FolderKind, writeWholeFolder } from './whole-folder.js';

/** Elements held at once while a matrix is transposed between file and memory. */
const BLOCK_ELEMENTS = 1 << 18;

/**
 * Opens a model directory of the GPT-2 or Llama family; its tensors have our names and are [out, in]. A classifier's
 * (`...ForSequenceClassification`) has a head over labels besides; where it has no language-model head, the embedding
 * stands in for it.
 * @throws InputError for a missing or damaged file, an unsupported architecture, or tensors that do not fit the config.
 */
export function readModelDirectory(folder: string): StoredModel & { generationConfig: JsonObject | null } {
  const configPath = join(folder, 'config.json');
  const json = readJsonFile(configPath);
  let config = configFromHuggingFace(json, configPath);
  const described = isClassifier(json) ? describedScore(json, configPath) : null;
  const generationPath = join(folder, 'generation_config.json');
  const generationConfig = existsSync(generationPath) ? readJsonFile(generationPath) : null;
  const file = openModelSafetensors(folder);
  try {
    if (described && !file.entries.has('lm_head.weight')) config = { ...config, tiedHead: true };
    const score = described && readScore(file, SCORE, described, config.width);
    const parts = storedParts(config);
    const namesInFile = matchTensors(config, parts, file, score !== null);
    return {
      config,
      score,
      generationConfig,
      tensors: {
        names: () => [...parts.keys()],
        read(name, into) {
          const own = parts.get(name);
          if (!own) throw new Error(`the model has no parameter ${name}`);
          const total = own.reduce((sum, { shape }) => sum + elementCount(shape), 0);
          if (into.length !== total) throw new RangeError(`${name} has ${total} elements, not ${into.length}`);
          let start = 0;
          for (const part of own) {
            const count = elementCount(part.shape);
            readPart(file, namesInFile.get(part.name)!, part, into.subarray(start, start + count));
            start += count;
          }
        },
      },
      close: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

function isClassifier(json: JsonObject): boolean {
  return Array.isArray(json['architectures']) && baseArchitecture(json['architectures'][0]) !== null;
}

/**
 * Finds each stored part in the file, with or without the family's prefix.
 * @throws InputError naming tensors that are missing, have another shape, or are not known.
 */
function matchTensors(
  config: ModelConfig,
  parts: Map<string, StoredPart[]>,
  file: Safetensors,
  classifier: boolean,
): Map<string, string> {
  const expected = new Map([...parts.values()].flat().map((part) => [part.name, part]));
  const found = new Map<string, string>();
  const extra: string[] = [];
  const misshapen: string[] = [];
  for (const [name, { shape }] of file.entries) {
    if (classifier && name === SCORE) continue;
    const canonical = [name, BASE_PREFIX[config.family] + name].find((candidate) => expected.has(candidate));
    if (canonical === undefined) {
      if (!isKnownBuffer(name) && !(config.tiedHead && name === 'lm_head.weight')) extra.push(name);
      continue;
    }
    if (found.has(canonical)) extra.push(name);
    found.set(canonical, name);
    const wanted = expected.get(canonical)!.shape;
    if (wanted.join() !== shape.join()) misshapen.push(`${name} is [${shape}], not [${wanted}]`);
  }
  const missing = [...expected.keys()].filter((name) => !found.has(name));
  const problems = [
    ...(missing.length > 0 ? [`missing tensors: ${list(missing)}`] : []),
    ...(misshapen.length > 0 ? [`tensors of another shape than config.json says: ${list(misshapen)}`] : []),
    ...(extra.length > 0 ? [`unknown tensors: ${list(extra)}`] : []),
  ];
  if (problems.length > 0) throw new InputError(`${file.path}: ${problems.join('; ')}`);
  return found;
}

function list(names: string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

function readPart(file: Safetensors, name: string, part: StoredPart, into: Elements): void {
  if (!part.transposed) {
    file.read(name, into);
    return;
  }
  const [inputs, outputs] = part.shape as [number, number];
  const rows = Math.max(1, Math.min(inputs, Math.floor(BLOCK_ELEMENTS / outputs)));
  const block = into instanceof Uint16Array ? new Uint16Array(rows * outputs) : new Float32Array(rows * outputs); // [rows of in, out]
  for (let first = 0; first < inputs; first += rows) {
    const count = Math.min(rows, inputs - first);
    file.read(name, block.subarray(0, count * outputs), first * outputs);
    for (let output = 0; output < outputs; output++)
      for (let row = 0; row < count; row++) into[output * inputs + first + row] = block[row * outputs + output]!;
  }
}

/** Blocks of the [in, out] form of a matrix given as [out, in]. */
function* transposedPieces(
  values: Float32Array,
  [inputs, outputs]: readonly [number, number],
): Generator<Float32Array> {
  const rows = Math.max(1, Math.min(inputs, Math.floor(BLOCK_ELEMENTS / outputs)));
  const block = new Float32Array(rows * outputs);
  for (let first = 0; first < inputs; first += rows) {
    const count = Math.min(rows, inputs - first);
    for (let output = 0; output < outputs; output++)
      for (let row = 0; row < count; row++) block[row * outputs + output] = values[output * inputs + first + row]!;
    yield block.subarray(0, count * outputs);
  }
}

/** What a model directory may hold besides config and weights. */
export interface DirectoryExtras {
  /** Content of `generation_config.json`. */
  generationConfig?: JsonObject;
  /** Content of `README.md`. */
  modelCard?: string;
  /** Element type of the stored weights; F32 unless given. */
  dtype?: 'F32' | 'BF16';
  /** A head over labels: the directory becomes a classifier's, without the language-model head. */
  score?: StoredScore;
  /** Writes further files (the tokenizer's, a trainer's state) into the temporary folder before it takes its place. */
  addFiles?: (folder: string) => void;
}

/**
 * Writes a model directory as a whole: into a temporary sibling folder, which then takes the place of an old one.
 * Everything in the old folder is gone afterwards. Equal models give equal bytes.
 * @param get the values of a parameter by its name in `parameterShapes`; asked for one at a time, used at once.
 * @throws InputError when something that is not a model directory is in the way (see {@link checkReplaceable}).
 * @throws RunError when it cannot be written; the old folder is then as it was.
 */
export function writeModelDirectory(
  folder: string,
  config: ModelConfig,
  get: (name: string) => Float32Array,
  extras: DirectoryExtras = {},
): void {
  writeWholeFolder(folder, MODEL, (temporary) => {
    const { score } = extras;
    const own = configToHuggingFace(config);
    const json = score ? classifierJson(own, config, score) : own;
    if (extras.dtype === 'BF16') json['torch_dtype'] = 'bfloat16';
    writeJson(join(temporary, 'config.json'), json);
    if (extras.generationConfig) writeJson(join(temporary, 'generation_config.json'), extras.generationConfig);
    if (extras.modelCard !== undefined) writeAtomic(join(temporary, 'README.md'), extras.modelCard);
    writeSafetensors(join(temporary, 'model.safetensors'), tensorsToWrite(config, get, score), extras.dtype);
    extras.addFiles?.(temporary);
  });
}

const MODEL: FolderKind = {
  name: 'a model',
  isOne: (entries) => entries.includes('config.json') && entries.some((name) => /^model.*\.safetensors/.test(name)),
};

/**
 * Makes sure that writing a model to `folder` would destroy nothing but an older model: the folder must not exist, be
 * empty, or be a model directory without hidden entries such as `.git`. Call it before long work.
 * @throws InputError otherwise.
 */
export function checkReplaceable(folder: string): void {
  checkFolder(folder, MODEL);
}

function tensorsToWrite(
  config: ModelConfig,
  get: (name: string) => Float32Array,
  score: StoredScore | undefined,
): TensorToWrite[] {
  const tensors: TensorToWrite[] = [];
  if (score) tensors.push({ name: SCORE, shape: [score.labels.length, config.width], pieces: () => [score.weight] });
  for (const [ours, parts] of storedParts(score ? { ...config, tiedHead: true } : config)) {
    let start = 0;
    for (const { name, shape, transposed } of parts) {
      const first = start;
      const count = elementCount(shape);
      start += count;
      tensors.push({
        name,
        shape,
        pieces() {
          const values = get(ours).subarray(first, first + count);
          if (values.length !== count) throw new Error(`${ours}: too few values for ${name} [${shape}]`);
          return transposed ? transposedPieces(values, shape as [number, number]) : [values];
        },
      });
    }
  }
  return tensors;
}

function writeJson(path: string, json: JsonObject): void {
  writeAtomic(path, `${JSON.stringify(json, null, 2)}\n`);
}
