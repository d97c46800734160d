/** What a tuning run will be: for each method a learning rate, a length and an adapter by rule; every value can be given instead. */
import { InputError } from '../io/errors.js';
import { checkAdapterConfig } from '../model/adapters/config.js';
import {
  type AdapterConfig,
  type LoraConfig,
  loraTargets,
  type ModelConfig,
  type Module,
  MODULES,
} from '../model/index.js';
import type { OptimizerConfig } from '../train/index.js';

export const methods = ['full', 'lora', 'prompt', 'prefix'] as const;
export type Method = (typeof methods)[number];

/** Values a caller may give; the others follow from the method and the model. */
export interface TunePlanOptions {
  /** LoRA: rank (default 8), and alpha (default 2 · rank). */
  rank?: number;
  alpha?: number;
  /** Scale by alpha / sqrt(rank). */
  rslora?: boolean;
  dora?: boolean;
  /** Modules with a low-rank part; default all. */
  targetModules?: readonly string[];
  /** Modules trained as a whole beside them. */
  modulesToSave?: readonly string[];
  /** Prompt and prefix tuning: default 20. */
  virtualTokens?: number;
  optimizer?: 'adamw' | 'muon';
  /** Peak learning rate of AdamW. */
  learningRate?: number;
  schedule?: 'wsd' | 'cosine' | 'constant';
  /** Times through the data when neither steps nor minutes are given. */
  epochs?: number;
}

/** What is the same for all models: how fast a method learns, and how often it goes through the data. */
const RULES: Readonly<Record<Method, { rate: (width: number) => number; epochs: number }>> = {
  full: { rate: (width) => 3e-4 * (256 / width) ** 0.5, epochs: 3 },
  lora: { rate: (width) => 3e-3 * (256 / width) ** 0.5, epochs: 3 },
  prompt: { rate: () => 0.05, epochs: 10 },
  prefix: { rate: () => 0.02, epochs: 10 },
};

/** Share of the steps over which the learning rate rises, and at most so many. */
const WARMUP = 0.05;
const MOST_WARMUP = 40;

/** Adapters are not pulled to zero: without their low-rank part a model is whole. */
const DECAY_OF_FULL = 0.01;

/** The optimizer of a method. @throws InputError for Muon on an adapter */
export function planOptimizer(method: Method, { width }: ModelConfig, options: TunePlanOptions): OptimizerConfig {
  const kind = options.optimizer ?? 'adamw';
  if (kind === 'muon' && method !== 'full')
    throw new InputError(`--optimizer muon is for --method full: ${method} trains with adamw`);
  return {
    kind,
    learningRate: options.learningRate ?? RULES[method].rate(width),
    matrixLearningRate: 0.002, // a tenth of pretraining's
    beta1: 0.9,
    beta2: 0.99,
    eps: 1e-8,
    weightDecay: method === 'full' ? DECAY_OF_FULL : 0,
    momentum: 0.95,
    clip: 1,
  };
}

/** The adapter of a method; null for full tuning, which has none. @throws InputError for flags of another method, or what does not fit the model */
export function planAdapter(method: Method, model: ModelConfig, options: TunePlanOptions): AdapterConfig | null {
  const lora = { rank: 1, alpha: 1, rslora: 1, dora: 1, targetModules: 1, modulesToSave: 1 } as const;
  refuse(method, 'lora', method === 'lora', Object.keys(lora), options);
  const soft = method === 'prompt' || method === 'prefix';
  refuse(method, 'prompt or prefix', soft, ['virtualTokens'], options);
  if (method === 'full') return null;
  if (method !== 'lora')
    return checkAdapterConfig({ kind: method, virtualTokens: options.virtualTokens ?? 20 }, model, method);
  const rank = options.rank ?? 8;
  const config: LoraConfig = {
    kind: 'lora',
    rank,
    alpha: options.alpha ?? 2 * rank,
    rslora: options.rslora ?? false,
    dora: options.dora ?? false,
    targets: options.targetModules ? options.targetModules.map(asModule) : loraTargets(model),
    modulesToSave: options.modulesToSave ?? [],
  };
  return checkAdapterConfig(config, model, method);
}

/** Steps to warm up in a run of so many steps, or of a length that is not known. */
export function warmupSteps(steps: number | null): number {
  return steps === null ? 10 : Math.min(MOST_WARMUP, Math.max(1, Math.round(WARMUP * steps)));
}

export function defaultEpochs(method: Method): number {
  return RULES[method].epochs;
}

/** @throws InputError for an option that this method has not */
export function refuse(
  method: string,
  owner: string,
  allowed: boolean,
  names: readonly string[],
  options: object,
): void {
  if (allowed) return;
  const given = names.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (given === undefined) return;
  const flag = given.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new InputError(`--${flag} is for --method ${owner}, not for ${method}`);
}

function asModule(name: string): Module {
  const found = MODULES.find((module) => module === name);
  if (!found) throw new InputError(`--target-modules: no module ${name}; there are ${MODULES.join(', ')}`);
  return found;
}
