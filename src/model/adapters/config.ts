/** What an adapter consists of: its method, its sizes, and which parts of a model it touches. */
import { InputError } from '../../io/errors.js';
import { type ModelConfig, parameterShapes } from '../config.js';

/** Modules that LoRA can target. Models of the GPT-2 family have queries, keys and values in one: 'attn.qkv'. */
export const MODULES = [
  'attn.qkv',
  'attn.q',
  'attn.k',
  'attn.v',
  'attn.out',
  'mlp.gate',
  'mlp.up',
  'mlp.down',
] as const;
export type Module = (typeof MODULES)[number];

/** Low-rank adaptation (Hu et al. 2022). */
export interface LoraConfig {
  kind: 'lora';
  rank: number;
  /** What is added is scaled by alpha / rank. */
  alpha: number;
  /** Scale by alpha / sqrt(rank) instead (Kalajdzievski 2023). */
  rslora: boolean;
  /** A learned length for each row of a targeted matrix (Liu et al. 2024). */
  dora: boolean;
  targets: readonly Module[];
  /** Modules with a trained copy of their own that stands in for the base's: 'embed', 'head', 'finalNorm', 'norm1', ... */
  modulesToSave: readonly string[];
}

/** Prompt tuning (Lester et al. 2021): learned embeddings before every sequence. */
export interface PromptConfig {
  kind: 'prompt';
  virtualTokens: number;
}

/** Prefix tuning (Li & Liang 2021): learned keys and values of every layer before every sequence. */
export interface PrefixConfig {
  kind: 'prefix';
  virtualTokens: number;
}

export type AdapterConfig = LoraConfig | PromptConfig | PrefixConfig;

/** Modules of the model that LoRA can target, in order of use; all of them is a good default. */
export function loraTargets(config: ModelConfig): readonly Module[] {
  const attention: Module[] = config.family === 'gpt2' ? ['attn.qkv'] : ['attn.q', 'attn.k', 'attn.v'];
  const gate: Module[] = config.activation === 'swiglu' ? ['mlp.gate'] : [];
  return [...attention, 'attn.out', ...gate, 'mlp.up', 'mlp.down'];
}

/** Modules of the model that may stand in `modulesToSave`, with the names of their parameters. */
export function savableModules(config: ModelConfig): Map<string, string[]> {
  const modules = new Map<string, string[]>();
  const add = (module: string, parameter: string): void => {
    modules.set(module, [...(modules.get(module) ?? []), parameter]);
  };
  for (const name of parameterShapes(config).keys()) {
    const [, module] = /^(?:layers\.\d+\.)?(.+)\.(?:weight|bias)$/.exec(name)!;
    add(module!, name);
  }
  if (config.tiedHead) add('head', 'head.weight');
  return modules;
}

/** The matrix a targeted module lies in, and which of its rows. */
export function targetRows(config: ModelConfig, module: Module): { matrix: string; firstRow: number; rows: number } {
  const { width, heads, kvHeads, headDim, hidden } = config;
  const [queries, keys] = [heads * headDim, kvHeads * headDim];
  switch (module) {
    case 'attn.qkv':
      return { matrix: 'attn.qkv', firstRow: 0, rows: queries + 2 * keys };
    case 'attn.q':
      return { matrix: 'attn.qkv', firstRow: 0, rows: queries };
    case 'attn.k':
      return { matrix: 'attn.qkv', firstRow: queries, rows: keys };
    case 'attn.v':
      return { matrix: 'attn.qkv', firstRow: queries + keys, rows: keys };
    case 'mlp.gate':
    case 'mlp.up':
      return { matrix: module, firstRow: 0, rows: hidden };
    default:
      return { matrix: module, firstRow: 0, rows: width };
  }
}

/** What a part's product is multiplied with. */
export function loraScale({ rank, alpha, rslora }: LoraConfig): number {
  return rslora ? alpha / Math.sqrt(rank) : alpha / rank;
}

/**
 * Checks that an adapter's config fits the model, and puts targets in the model's order.
 * 'attn.qkv' stands for its three modules where the family keeps them apart.
 * @param where named in the error
 * @throws InputError
 */
export function checkAdapterConfig(config: AdapterConfig, model: ModelConfig, where = 'adapter'): AdapterConfig {
  const fail = (what: string): never => {
    throw new InputError(`${where}: ${what}`);
  };
  if (config.kind !== 'lora') {
    const { virtualTokens: n } = config;
    if (!Number.isInteger(n) || n < 0) fail(`virtual tokens must be a whole number from 0, not ${n}`);
    if (n >= model.context)
      fail(`${n} virtual tokens leave no room in the model's context of ${model.context}; take fewer`);
    return { kind: config.kind, virtualTokens: n };
  }
  const { rank, alpha, rslora, dora } = config;
  if (!Number.isInteger(rank) || rank < 1 || rank > 65_536) fail(`rank must be from 1 to 65536, not ${rank}`);
  if (!Number.isFinite(alpha) || alpha <= 0) fail(`alpha must be above 0, not ${alpha}`);
  const possible = loraTargets(model);
  const wanted = new Set<Module>();
  for (const target of config.targets) {
    if (possible.includes(target)) wanted.add(target);
    else if (target === 'attn.qkv') for (const each of ['attn.q', 'attn.k', 'attn.v'] as const) wanted.add(each);
    else fail(`the model has no module ${target} to target; it has ${possible.join(', ')}`);
  }
  const savable = savableModules(model);
  const saved = new Set(config.modulesToSave);
  for (const module of saved)
    if (!savable.has(module))
      fail(`the model has no module ${module} to save; it has ${[...savable.keys()].join(', ')}`);
  const targets = possible.filter((module) => wanted.has(module));
  const both = targets.find((module) => saved.has(targetRows(model, module).matrix));
  if (both) fail(`${both} cannot be both targeted and saved as a whole`);
  if (targets.length === 0) fail(`name at least one module to target: ${possible.join(', ')}`);
  const modulesToSave = [...savable.keys()].filter((module) => saved.has(module));
  return { kind: 'lora', rank, alpha, rslora, dora, targets, modulesToSave };
}

/** Names and shapes of an adapter's parameters, in order of use. */
export function adapterShapes(config: AdapterConfig, model: ModelConfig): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  if (config.kind === 'prompt') return shapes.set('prompt', [config.virtualTokens, model.width]);
  if (config.kind === 'prefix') {
    for (let layer = 0; layer < model.layers; layer++)
      shapes.set(`layers.${layer}.prefix`, [config.virtualTokens, 2 * model.kvHeads * model.headDim]);
    return shapes;
  }
  const base = parameterShapes(model);
  for (let layer = 0; layer < model.layers; layer++)
    for (const module of config.targets) {
      const { matrix, rows } = targetRows(model, module);
      const inputs = base.get(`layers.${layer}.${matrix}.weight`)![1]!;
      const name = `layers.${layer}.${module}`;
      shapes.set(`${name}.loraA`, [config.rank, inputs]);
      shapes.set(`${name}.loraB`, [rows, config.rank]);
      if (config.dora) shapes.set(`${name}.magnitude`, [rows]);
    }
  const savable = savableModules(model);
  for (const module of config.modulesToSave)
    for (const name of savable.get(module)!) shapes.set(name, base.get(name) ?? base.get('embed.weight')!);
  return shapes;
}
