/**
 * The legacy `.bin` of llama2.c: seven int32 (dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len), then
 * float32 tensors, each kind for all layers in a row. A negative vocab_size says that the head is not tied.
 *
 * llama2.c rotates neighbouring dimensions (2j, 2j+1), Hugging Face the two halves (j, j + headDim/2). The rows of the
 * query and key projections are put into the latter order while reading, which leaves every attention score as it was.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { describeError, InputError } from '../../io/errors.js';
import { elementCount, type ModelConfig, parameterShapes, parseModelConfig } from '../config.js';
import { type Elements, readElements, readFully } from './safetensors.js';
import type { StoredModel } from './stored-model.js';

const HEADER_BYTES = 28;
/** First word of the newer formats: "ak42". */
const VERSIONED_MAGIC = 0x616b3432;

/**
 * Opens a legacy llama2.c checkpoint. The format does not say epsilon, theta and special tokens: they are 1e-5, 10000,
 * BOS 1 and EOS 2, as in llama2.c.
 * @param options.interleaved keep llama2.c's order of dimensions, with `ropeInterleaved: true` in the config.
 * @throws InputError when the header is not plausible or the file is not exactly as long as it says.
 */
export function readLlama2cFile(path: string, options: { interleaved?: boolean } = {}): StoredModel {
  const interleaved = options.interleaved ?? false;
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new InputError(`${path}: not a regular file`);
    if (status.size < HEADER_BYTES)
      throw new InputError(`${path}: ${status.size} bytes are too few for a llama2.c model`);
    const header = new Uint8Array(HEADER_BYTES);
    readFully(descriptor, header, 0, path);
    const config = configOf(new DataView(header.buffer), interleaved, path);
    const { positions, end } = layOut(config);
    if (end !== status.size)
      throw new InputError(
        `${path}: ${status.size < end ? 'truncated' : 'not a llama2.c model'}, ${status.size} bytes where its header asks for ${end}`,
      );
    const shapes = parameterShapes(config);
    return {
      config,
      tensors: {
        names: () => [...shapes.keys()],
        read(name, into) {
          const shape = shapes.get(name);
          if (!shape) throw new Error(`the model has no parameter ${name}`);
          if (into.length !== elementCount(shape))
            throw new RangeError(`${name} has ${elementCount(shape)} elements, not ${into.length}`);
          let start = 0;
          for (const { position, size } of positions.get(name)!) {
            const length = size / 4;
            const part = into.subarray(start, start + length);
            readElements(descriptor, { dtype: 'F32', length, position }, part, 0, path);
            start += length;
          }
          if (!interleaved && name.endsWith('attn.qkv.weight')) {
            const rotatedRows = (config.heads + config.kvHeads) * config.headDim; // queries and keys, not values
            interleavedToHalfSplit(into.subarray(0, rotatedRows * config.width), config.headDim, config.width);
          }
        },
      },
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * Reorders, in place, the rows of each head from (0, 1, 2, 3, ...) to (0, 2, 4, ..., 1, 3, 5, ...).
 * @param rows [heads * headDim, width] of a query or key projection.
 */
export function interleavedToHalfSplit(rows: Elements, headDim: number, width: number): void {
  const half = headDim / 2;
  for (let head = 0; head < rows.length; head += headDim * width) {
    const old = rows.slice(head, head + headDim * width);
    for (let j = 0; j < half; j++) {
      rows.set(old.subarray(2 * j * width, (2 * j + 1) * width), head + j * width);
      rows.set(old.subarray((2 * j + 1) * width, (2 * j + 2) * width), head + (j + half) * width);
    }
  }
}

function configOf(header: DataView, ropeInterleaved: boolean, path: string): ModelConfig {
  if (header.getUint32(0, true) === VERSIONED_MAGIC)
    throw new InputError(`${path}: a newer llama2.c format; export the model again as version 0 (legacy)`);
  const word = (index: number) => header.getInt32(4 * index, true);
  const [width, heads, vocab] = [word(0), word(3), word(5)];
  if (width <= 0 || heads <= 0 || width % heads !== 0)
    throw new InputError(`${path}: not a legacy llama2.c model (dim ${width}, ${heads} heads)`);
  const vocabSize = Math.abs(vocab);
  return parseModelConfig(
    {
      family: 'llama',
      vocabSize,
      context: word(6),
      layers: word(2),
      width,
      heads,
      kvHeads: word(4),
      headDim: width / heads,
      hidden: word(1),
      activation: 'swiglu',
      norm: 'rmsnorm',
      normEps: 1e-5,
      positions: 'rope',
      ropeTheta: 10_000,
      ropeInterleaved,
      ropeScaling: null,
      attentionBias: false,
      outputBias: false,
      mlpBias: false,
      qkNorm: false,
      tiedHead: vocab > 0,
      slidingWindow: null,
      bosTokenId: vocabSize > 1 ? 1 : null,
      eosTokenIds: vocabSize > 2 ? [2] : [],
    },
    `${path} (header of a llama2.c model)`,
  );
}

/** Byte ranges of each parameter, in the order of its rows, and the size the file must have. */
function layOut(config: ModelConfig): { positions: Map<string, { position: number; size: number }[]>; end: number } {
  const { layers, width, headDim, hidden } = config;
  const kvWidth = config.kvHeads * headDim;
  const positions = new Map<string, { position: number; size: number }[]>();
  let end = HEADER_BYTES;
  const take = (name: string, elements: number) => {
    const ranges = positions.get(name) ?? [];
    positions.set(name, [...ranges, { position: end, size: 4 * elements }]);
    end += 4 * elements;
  };
  const takeLayers = (name: string, elements: number) => {
    for (let i = 0; i < layers; i++) take(`layers.${i}.${name}`, elements);
  };
  take('embed.weight', config.vocabSize * width);
  takeLayers('norm1.weight', width);
  takeLayers('attn.qkv.weight', width * width);
  takeLayers('attn.qkv.weight', kvWidth * width);
  takeLayers('attn.qkv.weight', kvWidth * width);
  takeLayers('attn.out.weight', width * width);
  takeLayers('norm2.weight', width);
  takeLayers('mlp.gate.weight', hidden * width);
  takeLayers('mlp.down.weight', width * hidden);
  takeLayers('mlp.up.weight', hidden * width);
  take('finalNorm.weight', width);
  end += 4 * config.context * headDim; // cosines and sines, [context, headDim / 2] each
  if (!config.tiedHead) take('head.weight', config.vocabSize * width);
  return { positions, end };
}
