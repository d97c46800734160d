/**
 * The transformer once more, in plain float64 loops and independent of the engine, to test the real one against.
 *
 * It goes token by token, keeping keys and values, exactly as the formulas are written: Radford et al. 2019 (GPT-2),
 * Touvron et al. 2023 (Llama), Su et al. 2021 (rotary positions). Slow, and meant to be read.
 */
import { type ModelConfig, parameterShapes } from '../../src/model/config.js';

/** A model whose parameters are float64, by the names of `parameterShapes`. */
export interface Model64 {
  readonly config: ModelConfig;
  readonly parameters: ReadonlyMap<string, Float64Array>;
  /** Embeddings of the tokens from vocabSize on, [virtual tokens, width]. */
  readonly prompt?: Float64Array;
  /** For each layer, keys and values of the tokens from vocabSize on, [virtual tokens, 2 kvHeads · headDim]. */
  readonly prefix?: readonly Float64Array[];
}

/** Copies a model's parameters; `get` returns the values of one, row-major. */
export function model64(config: ModelConfig, get: (name: string) => ArrayLike<number>): Model64 {
  const names = [...parameterShapes(config).keys()];
  return { config, parameters: new Map(names.map((name) => [name, Float64Array.from(get(name))])) };
}

/** Keys and values of the positions so far, one list per layer: `keys[layer][position]` is [kvHeads * headDim]. */
export interface Sequence64 {
  length: number;
  readonly keys: Float64Array[][];
  readonly values: Float64Array[][];
}

/** An empty sequence. */
export function sequence64(model: Model64): Sequence64 {
  const perLayer = () => Array.from({ length: model.config.layers }, (): Float64Array[] => []);
  return { length: 0, keys: perLayer(), values: perLayer() };
}

/** Appends a token to the sequence and returns the logits [vocab] for the one after it. */
export function next64(model: Model64, sequence: Sequence64, token: number): Float64Array {
  const { config } = model;
  const { width } = config;
  const position = sequence.length++;
  const embedding = parameter(model, 'embed.weight');
  const virtual = token - config.vocabSize;
  let x = virtual < 0 ? row(embedding, token, width) : row(model.prompt, virtual, width); // [width], the residual stream
  if (config.positions === 'learned') {
    const learned = parameter(model, 'positions.weight');
    x = x.map((value, i) => value + learned[position * width + i]!);
  }
  for (let layer = 0; layer < config.layers; layer++) {
    const attended = attention(model, sequence, layer, position, norm(model, `layers.${layer}.norm1`, x), virtual);
    x = x.map((value, i) => value + attended[i]!);
    const changed = mlp(model, `layers.${layer}.mlp`, norm(model, `layers.${layer}.norm2`, x));
    x = x.map((value, i) => value + changed[i]!);
  }
  x = norm(model, 'finalNorm', x);
  return multiply(model.parameters.get('head.weight') ?? embedding, x);
}

/**
 * Logits [tokens * vocab] of packed sequences.
 * @param starts cumulative lengths, from 0 to the number of tokens: sequence s is tokens starts[s] to starts[s + 1].
 */
export function logits64(model: Model64, tokens: ArrayLike<number>, starts: ArrayLike<number>): Float64Array {
  const { vocabSize } = model.config;
  const all = new Float64Array(tokens.length * vocabSize);
  for (let s = 0; s + 1 < starts.length; s++) {
    const sequence = sequence64(model);
    for (let t = starts[s]!; t < starts[s + 1]!; t++) all.set(next64(model, sequence, tokens[t]!), t * vocabSize);
  }
  return all;
}

/** Natural-log probability [tokens] of `targets[t]` as the token after `tokens[t]`; 0 where the target is negative. */
export function tokenLogProbs64(
  model: Model64,
  tokens: ArrayLike<number>,
  starts: ArrayLike<number>,
  targets: ArrayLike<number>,
): Float64Array {
  const { vocabSize } = model.config;
  const logits = logits64(model, tokens, starts);
  return Float64Array.from({ length: tokens.length }, (_, t) => {
    const target = targets[t]!;
    return target < 0 ? 0 : logSoftmax64(logits.subarray(t * vocabSize, (t + 1) * vocabSize))[target]!;
  });
}

/** Natural logarithm of the softmax. */
export function logSoftmax64(logits: Float64Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, value) => total + Math.exp(value - largest), 0);
  return logits.map((value) => value - largest - Math.log(sum));
}

function parameter(model: Model64, name: string): Float64Array {
  const values = model.parameters.get(name);
  if (!values) throw new Error(`no parameter ${name}`);
  return values;
}

/** One row of a matrix, zeros where there is none. */
function row(matrix: Float64Array | undefined, index: number, width: number): Float64Array {
  return matrix?.slice(index * width, (index + 1) * width) ?? new Float64Array(width);
}

/** Matrix [rows, x.length] times x. */
function multiply(matrix: Float64Array, x: Float64Array): Float64Array {
  const columns = x.length;
  const result = new Float64Array(matrix.length / columns);
  for (let row = 0; row < result.length; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += matrix[row * columns + column]! * x[column]!;
    result[row] = sum;
  }
  return result;
}

function linear(model: Model64, name: string, x: Float64Array): Float64Array {
  const result = multiply(parameter(model, `${name}.weight`), x);
  const bias = model.parameters.get(`${name}.bias`);
  return bias ? result.map((value, i) => value + bias[i]!) : result;
}

function rmsNorm(x: Float64Array, weight: Float64Array, eps: number): Float64Array {
  const meanSquare = x.reduce((sum, value) => sum + value * value, 0) / x.length;
  return x.map((value, i) => (value / Math.sqrt(meanSquare + eps)) * weight[i]!);
}

function norm(model: Model64, name: string, x: Float64Array): Float64Array {
  const { norm: kind, normEps } = model.config;
  const weight = parameter(model, `${name}.weight`);
  if (kind === 'rmsnorm') return rmsNorm(x, weight, normEps);
  const bias = parameter(model, `${name}.bias`);
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + normEps)) * weight[i]! + bias[i]!);
}

function mlp(model: Model64, name: string, x: Float64Array): Float64Array {
  const up = linear(model, `${name}.up`, x);
  if (model.config.activation === 'gelu') return linear(model, `${name}.down`, up.map(gelu));
  const gate = linear(model, `${name}.gate`, x);
  return linear(
    model,
    `${name}.down`,
    up.map((value, i) => (value * gate[i]!) / (1 + Math.exp(-gate[i]!))),
  );
}

/** The tanh approximation (Hendrycks and Gimpel 2016). */
function gelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** Causal attention of one position over those before it and itself. */
function attention(
  model: Model64,
  sequence: Sequence64,
  layer: number,
  position: number,
  x: Float64Array,
  virtual: number,
) {
  const { heads, kvHeads, headDim, slidingWindow, qkNorm, normEps } = model.config;
  const name = `layers.${layer}.attn`;
  const qkv = linear(model, `${name}.qkv`, x); // query heads, then key heads, then value heads
  const head = (index: number) => qkv.slice(index * headDim, (index + 1) * headDim);
  const prepare = (values: Float64Array, norm: 'qNorm' | 'kNorm') =>
    rotate(
      model.config,
      qkNorm ? rmsNorm(values, parameter(model, `${name}.${norm}.weight`), normEps) : values,
      position,
    );

  const keys = new Float64Array(kvHeads * headDim);
  for (let h = 0; h < kvHeads; h++) keys.set(prepare(head(heads + h), 'kNorm'), h * headDim);
  const learned = virtual >= 0 && model.prefix && row(model.prefix[layer], virtual, 2 * keys.length);
  sequence.keys[layer]!.push(learned ? learned.slice(0, keys.length) : keys);
  sequence.values[layer]!.push(learned ? learned.slice(keys.length) : qkv.slice((heads + kvHeads) * headDim));

  const first = slidingWindow === null ? 0 : Math.max(0, position - slidingWindow + 1);
  const mixed = new Float64Array(heads * headDim);
  for (let h = 0; h < heads; h++) {
    const query = prepare(head(h), 'qNorm');
    const offset = Math.floor(h / (heads / kvHeads)) * headDim; // of the key and value head this query head shares
    const scores = Float64Array.from({ length: position - first + 1 }, (_, i) => {
      const key = sequence.keys[layer]![first + i]!;
      return query.reduce((sum, value, d) => sum + value * key[offset + d]!, 0) / Math.sqrt(headDim);
    });
    logSoftmax64(scores).forEach((logWeight, i) => {
      const value = sequence.values[layer]![first + i]!;
      for (let d = 0; d < headDim; d++) mixed[h * headDim + d]! += Math.exp(logWeight) * value[offset + d]!;
    });
  }
  return linear(model, `${name}.out`, mixed);
}

/** Turns each pair of dimensions of a head by its own angle, position times frequency. */
function rotate(config: ModelConfig, values: Float64Array, position: number): Float64Array {
  if (config.positions !== 'rope') return values;
  const half = values.length / 2;
  const result = new Float64Array(values.length);
  for (let j = 0; j < half; j++) {
    const [a, b] = config.ropeInterleaved ? [2 * j, 2 * j + 1] : [j, j + half];
    const angle = position * scaledFrequency(config, 1 / config.ropeTheta ** ((2 * j) / values.length));
    result[a] = values[a]! * Math.cos(angle) - values[b]! * Math.sin(angle);
    result[b] = values[a]! * Math.sin(angle) + values[b]! * Math.cos(angle);
  }
  return result;
}

/** Llama 3.1: long wavelengths are stretched by `factor`, short ones kept, those between interpolated. */
function scaledFrequency(config: ModelConfig, frequency: number): number {
  const scaling = config.ropeScaling;
  if (!scaling) return frequency;
  const wavelength = (2 * Math.PI) / frequency;
  const long = scaling.originalContext / scaling.lowFreqFactor;
  const short = scaling.originalContext / scaling.highFreqFactor;
  if (wavelength > long) return frequency / scaling.factor;
  if (wavelength < short) return frequency;
  const keep =
    (scaling.originalContext / wavelength - scaling.lowFreqFactor) / (scaling.highFreqFactor - scaling.lowFreqFactor);
  return keep * frequency + (1 - keep) * (frequency / scaling.factor);
}
