/**
 * The shape of the one transformer: GPT-2 and the Llama family differ only in these values.
 *
 * Here are the schema, the checks that hold for every model, and the canonical list of parameters with their shapes.
 * How a config is spelled in Hugging Face's `config.json` is in `formats/huggingface-config.ts`.
 */
import { z } from 'zod';
import { InputError } from '../io/errors.js';

/** More parameters than this is taken for a damaged or hostile config. */
export const MAX_PARAMETERS = 1e11;

const size = (max = 2 ** 31 - 1) => z.int().min(1).max(max);
const factor = z.number().positive();
const tokenId = z.int().min(0);

const ropeScalingSchema = z
  .strictObject({
    /** Low frequencies are divided by this. */
    factor,
    /** Wavelengths above originalContext / lowFreqFactor count as low frequencies. */
    lowFreqFactor: factor,
    /** Wavelengths below originalContext / highFreqFactor are left as they are; those between are blended. */
    highFreqFactor: factor,
    /** Context in tokens that the model was first trained with. */
    originalContext: size(),
  })
  .refine((scaling) => scaling.highFreqFactor > scaling.lowFreqFactor, 'highFreqFactor must be above lowFreqFactor');

const fields = z.strictObject({
  /** Which Hugging Face layout the model is read from and saved as; nothing else depends on it. */
  family: z.enum(['gpt2', 'llama']),
  vocabSize: size(),
  /** Longest sequence in tokens. */
  context: size(2 ** 24),
  layers: size(10_000),
  /** Size of the residual stream. */
  width: size(),
  /** Query heads. */
  heads: size(),
  /** Key and value heads; each serves heads / kvHeads query heads. */
  kvHeads: size(),
  headDim: size(),
  /** Inner width of the MLP. */
  hidden: size(),
  /** GELU is the tanh approximation; SwiGLU is silu(gate) * up. */
  activation: z.enum(['gelu', 'swiglu']),
  norm: z.enum(['layernorm', 'rmsnorm']),
  normEps: z.number().positive().max(1),
  positions: z.enum(['learned', 'rope']),
  ropeTheta: z.number().positive(),
  /** True: dimensions 2j and 2j+1 rotate together (llama2.c). False: j and j + headDim/2 (Hugging Face). */
  ropeInterleaved: z.boolean(),
  /** Frequency scaling of Llama 3.1 ("llama3"), or null. */
  ropeScaling: ropeScalingSchema.nullable(),
  /** Biases of the query, key and value projections. */
  attentionBias: z.boolean(),
  /** Bias of the attention's output projection. */
  outputBias: z.boolean(),
  mlpBias: z.boolean(),
  /** RMSNorm over each query and key head (one weight of [headDim] each, eps normEps), before the rotation. */
  qkNorm: z.boolean(),
  /** The head shares its matrix with the embedding. */
  tiedHead: z.boolean(),
  /** Number of positions a token attends to, its own included; null for all earlier ones. */
  slidingWindow: size().nullable(),
  bosTokenId: tokenId.nullable(),
  /** Any of these ends a generated text; may be empty. */
  eosTokenIds: z.array(tokenId).max(1000).readonly(),
});

/** Validates a {@link ModelConfig}; unknown keys are errors. Prefer {@link parseModelConfig}, which throws InputError. */
export const modelConfigSchema = fields.superRefine((config, context) => {
  const problem = (message: string) => context.addIssue({ code: 'custom', message });
  if (config.heads % config.kvHeads !== 0)
    problem(`heads (${config.heads}) must be a multiple of kvHeads (${config.kvHeads})`);
  if (config.positions === 'rope' && config.headDim % 2 !== 0)
    problem(`headDim (${config.headDim}) must be even for rotary positions`);
  for (const id of [config.bosTokenId ?? 0, ...config.eosTokenIds])
    if (id >= config.vocabSize) problem(`token id ${id} is outside the vocabulary of ${config.vocabSize}`);
  const count = parameterCount(config);
  if (count > MAX_PARAMETERS) problem(`${count.toExponential(1)} parameters are more than the limit of 1e11`);
});

/** Everything the transformer's shape and arithmetic depend on, as plain JSON. */
export type ModelConfig = z.infer<typeof fields>;

/**
 * Checks a value from outside.
 * @param where named in the error: a file or "command line".
 * @throws InputError listing every problem in one line.
 */
export function parseModelConfig(value: unknown, where = 'model config'): ModelConfig {
  const result = modelConfigSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(`${where}: ${describeIssues(result.error)}`);
}

/** The first problems of a zod error in one line: `heads: expected number; ...`. */
export function describeIssues(error: z.ZodError): string {
  const all = error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  return all.length > 6 ? `${all.slice(0, 6).join('; ')}; and ${all.length - 6} more` : all.join('; ');
}

/** Sizes a new model cannot do without. */
export type ModelSizes = Pick<ModelConfig, 'vocabSize' | 'context' | 'layers' | 'width' | 'heads'>;

/**
 * A config from sizes alone, the rest as the family usually has it; any field can be overridden.
 * GPT-2: learned positions, LayerNorm, biases, GELU with hidden = 4 width. Llama: rotary positions, RMSNorm, SwiGLU with
 * hidden = 8/3 width rounded up to a multiple of 32, no biases. Both: tied head, kvHeads = heads, headDim = width / heads.
 * @throws InputError when the result is not a valid config.
 */
export function newModelConfig(
  family: ModelConfig['family'],
  options: ModelSizes & Partial<Omit<ModelConfig, 'family'>>,
): ModelConfig {
  const { width, heads } = options;
  const gpt2 = family === 'gpt2';
  if (options.headDim === undefined && width % heads !== 0)
    throw new InputError(`model config: width (${width}) must be a multiple of heads (${heads}), or give headDim`);
  return parseModelConfig({
    family,
    kvHeads: heads,
    headDim: width / heads,
    hidden: gpt2 ? 4 * width : 32 * Math.ceil(width / 12),
    activation: gpt2 ? 'gelu' : 'swiglu',
    norm: gpt2 ? 'layernorm' : 'rmsnorm',
    normEps: 1e-5,
    positions: gpt2 ? 'learned' : 'rope',
    ropeTheta: 10_000,
    ropeInterleaved: false,
    ropeScaling: null,
    attentionBias: gpt2,
    outputBias: gpt2,
    mlpBias: gpt2,
    qkNorm: false,
    tiedHead: true,
    slidingWindow: null,
    bosTokenId: null,
    eosTokenIds: [],
    ...options,
  });
}

type NamedShape = readonly [name: string, shape: readonly number[]];

function normShapes(config: ModelConfig, name: string): NamedShape[] {
  const weight: NamedShape = [`${name}.weight`, [config.width]];
  return config.norm === 'layernorm' ? [weight, [`${name}.bias`, [config.width]]] : [weight];
}

function linearShapes(name: string, rows: number, columns: number, bias: boolean): NamedShape[] {
  const weight: NamedShape = [`${name}.weight`, [rows, columns]];
  return bias ? [weight, [`${name}.bias`, [rows]]] : [weight];
}

/** Parameters of one layer, without the `layers.{i}.` before each name. */
function layerShapes(config: ModelConfig): NamedShape[] {
  const { width, heads, kvHeads, headDim, hidden, mlpBias } = config;
  const swiglu = config.activation === 'swiglu';
  return [
    ...normShapes(config, 'norm1'),
    ...linearShapes('attn.qkv', (heads + 2 * kvHeads) * headDim, width, config.attentionBias),
    ...(config.qkNorm ? [['attn.qNorm.weight', [headDim]] as const, ['attn.kNorm.weight', [headDim]] as const] : []),
    ...linearShapes('attn.out', width, heads * headDim, config.outputBias),
    ...normShapes(config, 'norm2'),
    ...(swiglu ? linearShapes('mlp.gate', hidden, width, mlpBias) : []),
    ...linearShapes('mlp.up', hidden, width, mlpBias),
    ...linearShapes('mlp.down', width, hidden, mlpBias),
  ];
}

/** What comes before and after the layers. */
function outerShapes(config: ModelConfig): { before: NamedShape[]; after: NamedShape[] } {
  const { vocabSize, width } = config;
  const before: NamedShape[] = [['embed.weight', [vocabSize, width]]];
  if (config.positions === 'learned') before.push(['positions.weight', [config.context, width]]);
  const after = normShapes(config, 'finalNorm');
  if (!config.tiedHead) after.push(['head.weight', [vocabSize, width]]);
  return { before, after };
}

/**
 * Every parameter's canonical name and shape, in order of use. Matrices are [out, in], and the rows of
 * `attn.qkv.weight` are all query heads, then all key heads, then all value heads. A tied head is not listed.
 */
export function parameterShapes(config: ModelConfig): Map<string, readonly number[]> {
  const { before, after } = outerShapes(config);
  const layer = layerShapes(config);
  const shapes = new Map<string, readonly number[]>(before);
  for (let i = 0; i < config.layers; i++) for (const [name, shape] of layer) shapes.set(`layers.${i}.${name}`, shape);
  for (const [name, shape] of after) shapes.set(name, shape);
  return shapes;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Number of parameters; those shared by embedding and head count once. */
export function parameterCount(config: ModelConfig): number {
  const total = (shapes: NamedShape[]) => shapes.reduce((sum, [, shape]) => sum + elementCount(shape), 0);
  const { before, after } = outerShapes(config);
  return total(before) + config.layers * total(layerShapes(config)) + total(after);
}
