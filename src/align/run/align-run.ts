/** `run.json` of an alignment. */
import { z } from 'zod';
import { inputSchema, readRunAs, runHead, runTail, trainingSchema } from '../../train/index.js';
import { tunedFields } from '../../tune/index.js';
import { alarmNames } from '../alarms/index.js';
import { methods } from '../method.js';

const whole = z.int().min(0);

const schema = z.object({
  ...runHead,
  kind: z.literal('align'),
  method: z.enum(methods),
  ...tunedFields,
  data: z.object({
    inputs: z.array(inputSchema),
    heldOutInputs: z.array(inputSchema),
    /** Share of the prompts held out, where there is no file of them. */
    heldOutFraction: z.number(),
    /** Most tokens of a prompt with its answer; of prompts alone where answers are generated. Longer ones were cut. */
    context: whole,
    skipBad: z.boolean(),
    /** Pairs, answers or prompts, by the method. */
    examples: whole,
    heldOutExamples: whole,
    skipped: whole,
    truncated: whole,
  }),
  /** Rewards to train on, and checks that are only measured. */
  rewards: z.object({
    /** What their paths are relative to. */
    folder: z.string(),
    rewards: z.array(z.string()),
    checks: z.array(z.string()),
    files: z.array(z.object({ path: z.string(), sha256: z.string() })),
  }),
  /** Of the method, by its own schema. */
  settings: z.record(z.string(), z.unknown()),
  /** Limits of the alarms that are on. */
  alarms: z.partialRecord(z.enum(alarmNames), z.number()),
  training: trainingSchema.omit({ rowsPerBatch: true, batchTokens: true, tokens: true }).extend({
    /** Most tokens of an update, where the data decides them. */
    batchTokens: whole.nullable(),
    /** Pairs or thumbs of an update, where it was told. */
    batchSize: whole.nullable(),
    /** Steps between evaluations, and evaluations without progress that end the run (0: none do). */
    evaluateEvery: z.int().min(1),
    patience: whole,
  }),
  ...runTail,
});

export type AlignRun = z.infer<typeof schema>;

/** @throws InputError when there is no valid `run.json` of alignment */
export function readAlignRun(folder: string): AlignRun {
  return readRunAs(folder, 'align', schema);
}
