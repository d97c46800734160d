/** `run.json` of a pretraining run. */
import { z } from 'zod';
import { parseModelConfig } from '../model/index.js';
import { inputSchema, readRunAs, runHead, runTail, trainingSchema } from './run-directory.js';

const whole = z.int().min(0);

const schema = z.object({
  ...runHead,
  model: z.unknown().transform((value) => parseModelConfig(value, 'run.json')),
  tokenizer: z.object({ kind: z.enum(['bpe', 'byte']), vocabSize: whole, hash: z.string() }),
  data: z.object({
    /** Folder of the corpus with the token shards; null where they are in the run's own. */
    corpus: z.string().nullable().default(null),
    inputs: z.array(inputSchema),
    documents: whole,
    trainTokens: whole,
    trainBytes: whole,
    heldOutTokens: whole,
    heldOutBytes: whole,
  }),
  training: trainingSchema,
  ...runTail,
});

export type RunDescription = z.infer<typeof schema>;

/** @throws InputError when there is no valid `run.json` of pretraining */
export function readRun(folder: string): RunDescription {
  return readRunAs(folder, 'pretrain', schema);
}
