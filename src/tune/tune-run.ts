/** `run.json` of a tuning run. */
import { z } from 'zod';
import { MODULES, parseModelConfig } from '../model/index.js';
import { inputSchema, readRunAs, runHead, runTail, trainingSchema } from '../train/index.js';
import { methods } from './plan.js';

const whole = z.int().min(0);
const soft = (kind: 'prompt' | 'prefix') => z.object({ kind: z.literal(kind), virtualTokens: whole });

/** Of `run.json`: what is trained, from which model on. */
export const tunedFields = {
  /** The model that is tuned, and how it is held. */
  base: z.object({ path: z.string(), sha256: z.string(), dtype: z.enum(['f32', 'bf16']) }),
  adapter: z
    .union([
      z.object({
        kind: z.literal('lora'),
        rank: whole,
        alpha: z.number(),
        rslora: z.boolean(),
        dora: z.boolean(),
        targets: z.array(z.enum(MODULES)),
        modulesToSave: z.array(z.string()),
      }),
      soft('prompt'),
      soft('prefix'),
    ])
    .nullable(),
  /** Where the adapter begins: its folder when it goes on, else how a soft prompt is made. */
  start: z.object({
    adapter: z.string().nullable(),
    init: z.enum(['random', 'vocabulary', 'text']),
    text: z.string().nullable(),
  }),
  model: z.unknown().transform((value) => parseModelConfig(value, 'run.json')),
  tokenizer: z.object({ vocabSize: whole, hash: z.string() }),
};

const schema = z.object({
  ...runHead,
  kind: z.literal('tune'),
  method: z.enum(methods),
  ...tunedFields,
  data: z.object({
    inputs: z.array(inputSchema),
    validationInputs: z.array(inputSchema),
    /** Share of the examples held out, where there is no file of them. */
    validationFraction: z.number(),
    /** Longest example in tokens; longer ones were cut. */
    context: whole,
    skipBad: z.boolean(),
    examples: whole,
    validationExamples: whole,
    skipped: whole,
    truncated: whole,
    /** Tokens that are learned, in one time through the examples. */
    learnedTokens: whole,
    validationTokens: whole,
  }),
  training: trainingSchema.extend({
    /** Longest row of a batch, virtual tokens included. */
    rowTokens: whole,
    gradientCheckpointing: z.boolean(),
    /** Steps between evaluations, and evaluations without progress that end the run (0: none do). */
    evaluateEvery: z.int().min(1),
    patience: whole,
  }),
  ...runTail,
});

export type TuneRun = z.infer<typeof schema>;

/** @throws InputError when there is no valid `run.json` of tuning */
export function readTuneRun(folder: string): TuneRun {
  return readRunAs(folder, 'tune', schema);
}
