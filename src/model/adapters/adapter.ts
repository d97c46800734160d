/** An adapter: a few trained tensors that change what a frozen model does. */
import {
  dispose,
  doraNorms,
  empty,
  keep,
  kernels,
  parameter,
  scope,
  type Tensor,
  toFloat32,
} from '../../engine/index.js';
import { InputError } from '../../io/errors.js';
import { Random } from '../../io/hash-random.js';
import type { Transformer } from '../transformer.js';
import { type AdapterConfig, adapterShapes, checkAdapterConfig, loraScale, targetRows } from './config.js';

export class Adapter {
  readonly name: string;
  readonly config: AdapterConfig;
  /**
   * `layers.0.attn.q.loraA` [rank, in], `.loraB` [out, rank], `.magnitude` [out]; `prompt` [virtual tokens, width];
   * `layers.0.prefix` [virtual tokens, 2 kvHeads · headDim]; and whole modules under the names they have in the model.
   */
  readonly parameters: ReadonlyMap<string, Tensor>;

  constructor(name: string, config: AdapterConfig, parameters: ReadonlyMap<string, Tensor>) {
    this.name = name;
    this.config = config;
    this.parameters = parameters;
  }

  /** Frees the parameters. Detach it first. */
  dispose(): void {
    for (const value of this.parameters.values()) dispose(value);
  }
}

/** What {@link newAdapter} may be told. */
export interface NewAdapterOptions {
  /** Default: the method's name. */
  name?: string;
  seed: number;
  /** Embeddings [virtualTokens, width] that a soft prompt starts from. */
  initial?: Float32Array;
}

/**
 * A new adapter to train. LoRA starts with `a` uniform in ±1/sqrt(in) and b = 0, DoRA's lengths as those of the rows, whole
 * modules as copies, so that at first nothing changes. Soft prompts start from `initial`, or from N(0, s) with the spread s
 * of the model's embeddings; prefixes from N(0, 0.02). Each parameter draws from a stream of its own.
 * @throws InputError when the config does not fit the model
 */
export function newAdapter(model: Transformer, config: AdapterConfig, options: NewAdapterOptions): Adapter {
  const { seed, initial } = options;
  const checked = checkAdapterConfig(config, model.config);
  const shapes = adapterShapes(checked, model.config);
  const size = shapes.get('prompt')?.reduce((product, n) => product * n, 1);
  if (initial && initial.length !== size)
    throw new InputError(
      size === undefined
        ? `a ${checked.kind} adapter cannot start from embeddings`
        : `initial embeddings: ${initial.length} numbers given, the soft prompt has ${size}`,
    );
  const parameters = new Map<string, Tensor>();
  try {
    let stream = 1;
    for (const [name, shape] of shapes) {
      const value = keep(empty(shape));
      parameters.set(name, value);
      fill(name, value, new Random(seed, stream));
      parameter(value);
      stream++;
    }
  } catch (error) {
    for (const value of parameters.values()) dispose(value);
    throw error;
  }
  return new Adapter(options.name ?? checked.kind, checked, parameters);

  function fill(name: string, value: Tensor, random: Random): void {
    const { data } = value;
    const each = (draw: () => number): void => {
      for (let i = 0; i < data.length; i++) data[i] = draw();
    };
    if (name.endsWith('.loraA')) {
      const limit = 1 / Math.sqrt(value.columns);
      each(() => limit * (2 * random.uniform() - 1));
    } else if (name.endsWith('.loraB')) kernels.fill(value.raw, value.size, 0);
    else if (name.endsWith('.magnitude')) data.set(lengths(name));
    else if (name === 'prompt' && initial) data.set(initial);
    else if (name === 'prompt') {
      const deviation = spread(model.parameters.get('embed.weight')!);
      each(() => deviation * random.normal());
    } else if (name.endsWith('.prefix')) each(() => 0.02 * random.normal());
    else copyValues(model.parameters.get(name) ?? model.parameters.get('embed.weight')!, value); // a tied head's copy
  }

  function lengths(name: string): Float32Array {
    if (checked.kind !== 'lora') throw new Error(`${name} belongs to LoRA`);
    const module = name.slice(0, -'.magnitude'.length);
    const [, layer, target] = /^(layers\.\d+)\.(.+)$/.exec(module)!;
    const { matrix, firstRow } = targetRows(
      model.config,
      checked.targets.find((each) => each === target)!,
    );
    const weight = model.parameters.get(`${layer}.${matrix}.weight`)!;
    const [a, b] = [parameters.get(`${module}.loraA`)!, parameters.get(`${module}.loraB`)!];
    return scope(() => doraNorms(weight, { a, b, scale: loraScale(checked), firstRow }));
  }
}

/** Copies a parameter of the model as float32, whatever it is kept as. */
function copyValues(from: Tensor, to: Tensor): void {
  scope(() => to.data.set(toFloat32(from).data));
}

/** Root mean square of (at most 1000 rows of) a table. */
function spread(table: Tensor): number {
  const rows = Math.min(1000, table.rows);
  return scope(() => {
    const some = empty([rows, table.columns]);
    kernels.embeddingForward(
      table.rows,
      table.columns,
      table.operand,
      Int32Array.from({ length: rows }, (_, i) => Math.floor((i * table.rows) / rows)),
      some.raw,
      false,
    );
    return Math.sqrt(kernels.sumSquares(some.raw, some.size) / some.size);
  });
}
