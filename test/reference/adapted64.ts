/** Adapters on the float64 transformer, as their papers write them, and random ones for tests. */
import * as fc from 'fast-check';
import type { ModelConfig } from '../../src/model/config.js';
import { type AdapterConfig, loraTargets, savableModules, targetRows } from '../../src/model/adapters/config.js';
import type { Model64 } from './transformer64.js';

type Values = ReadonlyMap<string, Float64Array>;

/**
 * The model with an adapter in its weights: row i of a targeted matrix becomes W[i] + scale · (b a)[i], and with DoRA takes
 * the length magnitude[i].
 * @param fixed the adapter at which DoRA's norms are taken, for they count as constants in a gradient; itself by default
 */
export function adapted64(base: Model64, config: AdapterConfig, adapter: Values, fixed: Values = adapter): Model64 {
  const { layers } = base.config;
  if (config.kind === 'prompt') return { ...base, prompt: adapter.get('prompt')! };
  if (config.kind === 'prefix')
    return { ...base, prefix: Array.from({ length: layers }, (_, layer) => adapter.get(`layers.${layer}.prefix`)!) };
  const parameters = new Map(base.parameters);
  for (const [name, values] of adapter) if (!/(lora[AB]|magnitude)$/.test(name)) parameters.set(name, values);
  const scale = config.alpha / (config.rslora ? Math.sqrt(config.rank) : config.rank);
  for (let layer = 0; layer < layers; layer++)
    for (const module of config.targets) {
      const { matrix, firstRow, rows } = targetRows(base.config, module);
      const name = `layers.${layer}.${matrix}.weight`;
      const weight = parameters.get(name)!.slice();
      parameters.set(name, weight);
      const at = `layers.${layer}.${module}`;
      const inner = adapter.get(`${at}.loraA`)!.length / config.rank;
      for (let i = 0; i < rows; i++) {
        const sum = (from: Values): Float64Array => {
          const [a, b] = [from.get(`${at}.loraA`)!, from.get(`${at}.loraB`)!];
          return Float64Array.from({ length: inner }, (_, j) => {
            let low = 0;
            for (let r = 0; r < config.rank; r++) low += b[i * config.rank + r]! * a[r * inner + j]!;
            return base.parameters.get(name)![(firstRow + i) * inner + j]! + scale * low;
          });
        };
        const length = config.dora ? adapter.get(`${at}.magnitude`)![i]! / Math.hypot(...sum(fixed)) : 1;
        weight.set(
          sum(adapter).map((value) => length * value),
          (firstRow + i) * inner,
        );
      }
    }
  return { ...base, parameters };
}

/** Any adapter config that fits a model. */
export function anyAdapterConfig(model: ModelConfig): fc.Arbitrary<AdapterConfig> {
  const virtualTokens = fc.integer({ min: 0, max: Math.min(3, model.context - 1) });
  const targets = loraTargets(model);
  const savable = [...savableModules(model).keys()].filter((module) => !/^(attn|mlp)\.(?!.Norm)/.test(module));
  return fc.oneof(
    fc.record({
      kind: fc.constant('lora' as const),
      rank: fc.integer({ min: 1, max: 4 }),
      alpha: fc.constantFrom(1, 3, 16),
      rslora: fc.boolean(),
      dora: fc.boolean(),
      targets: fc.subarray([...targets], { minLength: 1 }),
      modulesToSave: fc.oneof(fc.constant<string[]>([]), fc.subarray(savable)),
    }),
    fc.record({ kind: fc.constant('prompt' as const), virtualTokens }),
    fc.record({ kind: fc.constant('prefix' as const), virtualTokens }),
  );
}
