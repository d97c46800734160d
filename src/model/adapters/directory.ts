/** An adapter in PEFT's layout: a folder with `adapter_config.json` and `adapter_model.safetensors`. */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { dispose, empty, keep, parameter, type Tensor } from '../../engine/index.js';
import { InputError } from '../../io/errors.js';
import { writeAtomic } from '../../io/files.js';
import { elementCount, type ModelConfig } from '../config.js';
import {
  describedScore,
  openSafetensors,
  readJsonFile,
  readScore,
  type Safetensors,
  SCORE,
  scoreJson,
  type StoredScore,
  writeSafetensors,
} from '../formats/index.js';
import { checkFolder, type FolderKind, writeWholeFolder } from '../formats/whole-folder.js';
import type { Transformer } from '../transformer.js';
import { Adapter } from './adapter.js';
import {
  type AdapterConfig,
  adapterShapes,
  checkAdapterConfig,
  loraTargets,
  type Module,
  savableModules,
} from './config.js';
import { checkSoftSizes, parsePeftConfig, type PeftConfig, peftConfigOf } from './peft-config.js';
import { moduleOf, peftTensors } from './peft-names.js';

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';
/** Labels and pooling of an adapter's head, which PEFT keeps in no file of its own. */
const LABELS = 'labels.json';
const PEFT_SCORE = `base_model.model.${SCORE}`;

const ADAPTER: FolderKind = {
  name: 'an adapter',
  isOne: (entries) => entries.includes(CONFIG) && entries.includes(WEIGHTS),
};

/** Whether a folder holds an adapter (and not a model). */
export function isAdapterFolder(folder: string): boolean {
  return existsSync(join(folder, CONFIG));
}

/** What an adapter's folder says without its model. */
export interface AdapterSummary {
  config: PeftConfig;
  /** Numbers that were trained. */
  parameters: number;
  /** Names and shapes of its tensors. */
  tensors: ReadonlyMap<string, readonly number[]>;
}

/** Looks at an adapter without its base model. @throws InputError when its config cannot be honoured or a file is damaged */
export function describeAdapter(folder: string): AdapterSummary {
  const path = join(folder, CONFIG);
  const config = parsePeftConfig(readJsonFile(path), path);
  const file = openSafetensors(join(folder, WEIGHTS));
  try {
    const tensors = new Map([...file.entries].map(([name, { shape }]) => [name, shape]));
    return { config, parameters: [...tensors.values()].reduce((sum, shape) => sum + elementCount(shape), 0), tensors };
  } finally {
    file.close();
  }
}

/** What {@link readAdapter} may be told. */
export interface ReadAdapterOptions {
  /** Default: the folder's name. */
  name?: string;
  /** Whether to go on training it. Default false. */
  trainable?: boolean;
}

/**
 * Reads an adapter for a model.
 * @throws InputError naming the file and what is wrong: an option that cannot be honoured, tensors that are missing, unknown,
 *   or of another shape, another base model's sizes
 */
export function readAdapter(folder: string, model: Transformer, options: ReadAdapterOptions = {}): Adapter {
  const path = join(folder, CONFIG);
  const json = readJsonFile(path);
  const peft = parsePeftConfig(json, path);
  if (peft.kind !== 'lora') checkSoftSizes(json, peft.kind, model.config, path);
  const file = openSafetensors(join(folder, WEIGHTS));
  const parameters = new Map<string, Tensor>();
  try {
    const config = checkAdapterConfig(configFor(peft, model.config, file, path), model.config, path);
    checkTensors(config, model.config, file);
    for (const [name, shape] of adapterShapes(config, model.config)) parameters.set(name, keep(empty(shape)));
    for (const tensor of peftTensors(config, model.config)) {
      const values = new Float32Array(elementCount(tensor.shape));
      file.read(tensor.name, values);
      tensor.spread(values, (name) => parameters.get(name)!.data);
    }
    if (options.trainable) for (const value of parameters.values()) parameter(value);
    return new Adapter(options.name ?? basename(resolve(folder)), config, parameters);
  } catch (error) {
    for (const value of parameters.values()) dispose(value);
    throw error;
  } finally {
    file.close();
  }
}

/** The adapter's config with the modules that the file has tensors for. */
function configFor(peft: PeftConfig, model: ModelConfig, file: Safetensors, where: string): AdapterConfig {
  if (peft.kind !== 'lora') return { kind: peft.kind, virtualTokens: peft.virtualTokens };
  const possible = loraTargets(model);
  const targets = new Set<Module>();
  for (const name of file.entries.keys()) {
    const targeted = /^base_model\.model\.(.+)\.lora_A\.weight$/.exec(name)?.[1];
    if (targeted === undefined) continue;
    const module = moduleOf(model, possible, targeted);
    if (module === null)
      throw new InputError(`${file.path}: ${name} is for a module that the model does not have, or that takes no LoRA`);
    const listed = peft.targetModules;
    if (typeof listed !== 'string' && !listed.some((end) => targeted === end || targeted.endsWith(`.${end}`)))
      throw new InputError(`${file.path}: ${name} is for none of the target_modules in ${where}`);
    targets.add(module);
  }
  const lora = { ...peft.lora, targets: [...targets] };
  const modulesToSave = [...savableModules(model).keys()].filter((module) =>
    peftTensors({ ...lora, targets: [], modulesToSave: [module] }, model).some(({ name }) => file.entries.has(name)),
  );
  return { ...lora, modulesToSave };
}

/** @throws InputError naming tensors that are missing, of another shape, or unknown */
function checkTensors(config: AdapterConfig, model: ModelConfig, file: Safetensors): void {
  const expected = new Map(peftTensors(config, model).map(({ name, shape }) => [name, shape]));
  const problems: string[] = [];
  const missing = [...expected.keys()].filter((name) => !file.entries.has(name));
  if (missing.length > 0) problems.push(`missing tensors: ${list(missing)}`);
  const misshapen: string[] = [];
  const extra: string[] = [];
  for (const [name, { shape }] of file.entries) {
    if (name === PEFT_SCORE) continue; // see readAdapterScore
    const wanted = expected.get(name);
    if (!wanted) extra.push(name);
    else if (wanted.join() !== shape.join()) misshapen.push(`${name} is [${shape}], not [${wanted}]`);
  }
  if (misshapen.length > 0) problems.push(`tensors of another shape than config and model say: ${list(misshapen)}`);
  if (extra.length > 0) problems.push(`unknown tensors: ${list(extra)}`);
  if (problems.length > 0) throw new InputError(`${file.path}: ${problems.join('; ')}`);
}

function list(names: string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}

/** The head over labels that an adapter of PEFT's task SEQ_CLS has, or null. @throws InputError when it is damaged */
export function readAdapterScore(folder: string, width: number): StoredScore | null {
  const file = openSafetensors(join(folder, WEIGHTS));
  try {
    const entry = file.entries.get(PEFT_SCORE);
    if (!entry) return null;
    const path = join(folder, LABELS);
    const described = describedScore(existsSync(path) ? readJsonFile(path) : { num_labels: entry.shape[0] }, path);
    return readScore(file, PEFT_SCORE, described, width);
  } finally {
    file.close();
  }
}

/** What {@link writeAdapter} may be told. */
export interface WriteAdapterOptions {
  /** Folder (or name on the hub) of the model the adapter belongs to. */
  baseModel?: string;
  /** A head over labels, beside LoRA: PEFT's task SEQ_CLS, the head among its modules_to_save. */
  score?: StoredScore;
  /** Writes further files into the temporary folder before it takes its place. */
  addFiles?: (folder: string) => void;
}

/**
 * Writes an adapter so that PEFT loads it, as a whole or not at all. Equal adapters give equal bytes.
 * @throws InputError when something that is not an adapter is in the way
 * @throws RunError when it cannot be written
 */
export function writeAdapter(
  folder: string,
  adapter: Adapter,
  model: Transformer,
  options: WriteAdapterOptions = {},
): void {
  writeWholeFolder(folder, ADAPTER, (temporary) => {
    const { score } = options;
    const json = peftConfigOf(adapter.config, model.config, options.baseModel ?? null);
    if (score) {
      if (adapter.config.kind !== 'lora')
        throw new InputError(
          `a head over labels can be saved beside a LoRA adapter, not beside ${adapter.config.kind}`,
        );
      json['task_type'] = 'SEQ_CLS';
      json['modules_to_save'] = [...((json['modules_to_save'] as string[] | null) ?? []), 'score'];
      writeAtomic(join(temporary, LABELS), `${JSON.stringify(scoreJson(score), null, 2)}\n`);
    }
    writeAtomic(join(temporary, CONFIG), `${JSON.stringify(json, null, 2)}\n`);
    const get = (name: string): Float32Array => adapter.parameters.get(name)!.data;
    const tensors = peftTensors(adapter.config, model.config).map(({ name, shape, gather }) => ({
      name,
      shape,
      pieces: () => [gather(get)],
    }));
    if (score)
      tensors.push({
        name: PEFT_SCORE,
        shape: [score.labels.length, model.config.width],
        pieces: () => [score.weight],
      });
    writeSafetensors(join(temporary, WEIGHTS), tensors);
    options.addFiles?.(temporary);
  });
}

/** Makes sure that {@link writeAdapter} would destroy nothing but an older adapter. @throws InputError otherwise */
export function checkAdapterFolder(folder: string): void {
  checkFolder(folder, ADAPTER);
}
