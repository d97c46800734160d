/** Adapters made part of a model's own weights, and taken out again. */
import { doraWeight, kernels, Epilogue, scope, type Tensor } from '../../engine/index.js';
import { InputError } from '../../io/errors.js';
import type { Transformer } from '../transformer.js';
import type { Adapter } from './adapter.js';
import { AttachedAdapters } from './attached.js';

interface Merged {
  adapter: Adapter;
  /** Weights as they were, by name. */
  originals: Map<string, Float32Array>;
}

const merged = new WeakMap<Transformer, Merged[]>();

/**
 * Adds an adapter to the model's own weights, after which it costs nothing: W + scale · b · a for LoRA, with the learned
 * lengths for DoRA, and whole modules in place of the base's. An attached adapter is detached. What is overwritten is kept
 * for {@link unmergeAdapter} unless `forGood`.
 * @throws InputError for soft prompts, which are no change of weights, for weights that are not float32, and for a copy of
 *   one side of an embedding that the model shares with its head
 */
export function mergeAdapter(model: Transformer, adapter: Adapter, options: { forGood?: boolean } = {}): void {
  const { config, name } = adapter;
  if (config.kind !== 'lora')
    throw new InputError(
      `adapter ${name} is a soft ${config.kind}, which is no change of weights: it cannot be merged`,
    );
  const one = new AttachedAdapters(model.config, [adapter]);
  const changed = [...model.parameters].filter(
    ([parameter]) => one.standIn(parameter) || one.parts(parameter).length + one.doraParts(parameter).length > 0,
  );
  const low = changed.find(([, value]) => value.dtype !== 'f32');
  if (low)
    throw new InputError(`adapter ${name}: ${low[0]} is kept in ${low[1].dtype}; load the model in float32 to merge`);
  if (model.config.tiedHead && (one.standIn('embed.weight') || one.standIn('head.weight')))
    throw new InputError(
      `adapter ${name} has its own embedding or head, which the model shares: the two would no longer be one matrix; use it with --adapter`,
    );
  if (model.adapters.includes(adapter)) model.detach(name);
  const originals = new Map<string, Float32Array>();
  for (const [parameter, value] of changed) {
    if (!options.forGood) originals.set(parameter, value.data.slice());
    scope(() => value.data.set(newValues(one, parameter, value)));
  }
  if (!options.forGood) merged.set(model, [...(merged.get(model) ?? []), { adapter, originals }]);
}

/** The values of a parameter with an adapter in it. */
function newValues(adapters: AttachedAdapters, parameter: string, value: Tensor): Float32Array {
  const whole = adapters.standIn(parameter);
  if (whole) return whole.data;
  const result = doraWeight(value, adapters.doraParts(parameter)); // a copy where there are none
  const width = value.columns;
  for (const { a, b, scale, firstRow } of adapters.parts(parameter))
    kernels.gemm(
      false, false, b.rows, width, a.rows,
      b.raw, 0, a.rows, a.raw, 0, width, result.raw, firstRow * width, width, scale, 1, Epilogue.plain,
    ); // prettier-ignore
  return result.data;
}

/**
 * Takes the adapter that was merged last out of the model's weights, which are then to the bit what they were. It is not
 * attached afterwards.
 * @throws Error when another one was merged after it, or it was merged for good
 */
export function unmergeAdapter(model: Transformer, adapter: Adapter): void {
  const all = merged.get(model) ?? [];
  const last = all.at(-1);
  if (last?.adapter !== adapter)
    throw new Error(
      `adapter ${adapter.name} is not the last that was merged${last ? `: ${last.adapter.name} is` : ''}`,
    );
  for (const [parameter, values] of last.originals) model.parameters.get(parameter)!.data.set(values);
  merged.set(model, all.slice(0, -1));
}
