/**
 * Where the parameters of an adapter lie in PEFT's `adapter_model.safetensors`: names, shapes and order of elements as
 * `PeftModel.save_pretrained` writes them (huggingface/peft, src/peft/utils/save_and_load.py and src/peft/peft_model.py).
 */
import { elementCount, type ModelConfig } from '../config.js';
import { type StoredPart, storedParts } from '../formats/huggingface-names.js';
import { type AdapterConfig, adapterShapes, type Module, savableModules, targetRows } from './config.js';

/** What PEFT puts before the names of the model it wraps. */
const PREFIX = 'base_model.model.';

/** A tensor of an adapter file. */
export interface PeftTensor {
  readonly name: string;
  /** As stored. */
  readonly shape: readonly number[];
  /** Its elements, from our parameters. */
  gather(get: (parameter: string) => Float32Array): Float32Array;
  /** The reverse: its elements into our parameters. */
  spread(values: Float32Array, get: (parameter: string) => Float32Array): void;
}

/** Every tensor of an adapter's file. */
export function peftTensors(config: AdapterConfig, model: ModelConfig): PeftTensor[] {
  if (config.kind === 'prompt')
    return [whole('prompt_embeddings', 'prompt', [config.virtualTokens, model.width], 0, false)];
  if (config.kind === 'prefix') return [prefixTensor(config.virtualTokens, model)];
  const tensors: PeftTensor[] = [];
  for (const [name, shape] of adapterShapes(config, model)) {
    const low = /^(layers\.\d+)\.(.+)\.(loraA|loraB|magnitude)$/.exec(name);
    if (low) {
      const [, layer, module, kind] = low as unknown as [string, string, Module, 'loraA' | 'loraB' | 'magnitude'];
      const suffix = { loraA: 'lora_A.weight', loraB: 'lora_B.weight', magnitude: 'lora_magnitude_vector' }[kind];
      tensors.push(whole(`${PREFIX}${moduleName(model, layer, module)}.${suffix}`, name, shape, 0, false));
      continue;
    }
    let start = 0;
    for (const part of partsOf(model, name)) {
      tensors.push(whole(PREFIX + part.name, name, part.shape, start, part.transposed));
      start += elementCount(part.shape);
    }
  }
  return tensors;
}

/** Stored parts of a module that is saved as a whole; a tied head has a name as well. */
function partsOf(model: ModelConfig, parameter: string): StoredPart[] {
  const own = storedParts({ ...model, tiedHead: false }).get(parameter);
  if (!own) throw new Error(`no parameter ${parameter}`);
  return own;
}

/** Name of a targeted module in the Hugging Face model: `model.layers.0.self_attn.q_proj`. */
function moduleName(model: ModelConfig, layer: string, module: Module): string {
  const { matrix } = targetRows(model, module);
  const parts = storedParts(model).get(`${layer}.${matrix}.weight`)!;
  const at = module === 'attn.k' ? 1 : module === 'attn.v' ? 2 : 0;
  return parts[at]!.name.slice(0, -'.weight'.length);
}

function whole(
  name: string,
  parameter: string,
  shape: readonly number[],
  start: number,
  transposed: boolean,
): PeftTensor {
  const end = start + elementCount(shape);
  const [rows, columns] = [shape[0]!, shape[1] ?? 1];
  return {
    name,
    shape,
    gather: (get) => {
      const own = get(parameter).subarray(start, end);
      return transposed ? transpose(own, columns, rows) : own;
    },
    spread: (values, get) => get(parameter).set(transposed ? transpose(values, rows, columns) : values, start),
  };
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j]!;
  return out;
}

/** One row a virtual token: keys, then values, of the first layer, then of the next, each all heads one after the other. */
function prefixTensor(virtualTokens: number, model: ModelConfig): PeftTensor {
  const width = 2 * model.kvHeads * model.headDim;
  const stride = model.layers * width;
  const each = (get: (parameter: string) => Float32Array, visit: (own: Float32Array, at: number) => void): void => {
    for (let layer = 0; layer < model.layers; layer++) {
      const values = get(`layers.${layer}.prefix`);
      for (let token = 0; token < virtualTokens; token++)
        visit(values.subarray(token * width, (token + 1) * width), token * stride + layer * width);
    }
  };
  return {
    name: 'prompt_embeddings',
    shape: [virtualTokens, stride],
    gather: (get) => {
      const all = new Float32Array(virtualTokens * stride);
      each(get, (own, at) => all.set(own, at));
      return all;
    },
    spread: (values, get) => each(get, (own, at) => own.set(values.subarray(at, at + width))),
  };
}

/** How `target_modules` spells a module so that it means that module alone, in every layer. */
export function targetSpelling(model: ModelConfig, module: Module): string {
  return shortest(moduleName(model, 'layers.0', module));
}

/** How `modules_to_save` spells a module. */
export function savedSpellings(model: ModelConfig, module: string): string[] {
  const [parameter] = savableModules(model).get(module)!;
  return partsOf(model, parameter!).map(({ name }) => shortest(name.replace(/\.(weight|bias)$/, '')));
}

/** The end of a module's name that no other module shares: PEFT takes every module whose name ends so. */
function shortest(name: string): string {
  const words = name.split('.');
  const shared = ['c_proj', 'norm'].includes(words.at(-1)!); // GPT-2's two c_proj; other norms end in "norm" too
  return words.slice(shared ? -2 : -1).join('.');
}

/** The targeted module of ours that has a name in the file's model, or null. */
export function moduleOf(model: ModelConfig, modules: readonly Module[], name: string): Module | null {
  const layer = /(?:^|\.)(?:h|layers)\.(\d+)\./.exec(name)?.[1];
  if (layer === undefined || Number(layer) >= model.layers) return null;
  return modules.find((module) => moduleName(model, `layers.${layer}`, module) === name) ?? null;
}
