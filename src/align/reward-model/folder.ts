/** A reward model as a folder: a sequence classifier with one label, or an adapter with such a head. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import { writeAtomic } from '../../io/files.js';
import { modelFolders } from '../../generate/index.js';
import { ChatTemplate } from '../../tokenizer/index.js';
import { Bad, type Example } from '../../tune/index.js';
import { loadHead, type ScoreHead } from '../../understand/index.js';
import type { Policy } from '../policy.js';
import { encodeAnswer, type Prompt } from '../preferences/index.js';
import { scoreExamples } from './rewards.js';

export interface RewardModel {
  /**
   * Rewards, in order; each answer is read as in training.
   * @throws InputError naming the answer that is too long; RunError when a reward is no number
   */
  score(items: readonly { prompt: Prompt; completion: string }[]): Promise<Float64Array>;
  dispose(): void;
}

const FILE = 'reward_model.json';
const schema = z.looseObject({ context: z.int().min(2) });

/**
 * Writes what `loadRewardModel` reads: a folder that Transformers loads as `...ForSequenceClassification` (with pooling
 * 'last'), or a PEFT adapter of type SEQ_CLS, with tokenizer and chat template.
 * @param context most tokens of a prompt with its answer in training
 * @throws InputError when something else is in the way; RunError when it cannot be written
 */
export function writeRewardModel(
  folder: string,
  { policy, head, context, card }: { policy: Policy; head: ScoreHead; context: number; card: string },
): void {
  policy.writeFinal(folder, card, head.stored());
  writeAtomic(join(folder, FILE), `${JSON.stringify({ context }, null, 2)}\n`);
}

/**
 * Loads a reward model of ours, or a sequence classifier of others that has one label; prompts of these are cut to the
 * model's context.
 * @throws InputError for a folder that is none
 */
export function loadRewardModel(folder: string): RewardModel {
  const { lm, head } = loadHead(folder);
  const { model, tokenizer } = lm;
  const dispose = (): void => {
    head.dispose();
    for (const adapter of model.adapters) adapter.dispose();
    model.dispose();
  };
  try {
    if (head.labels.length !== 1)
      throw new InputError(
        `${folder} has a head of ${head.labels.length} labels: a reward model has one; make one with telar align --method reward`,
      );
    const room = model.config.context - model.virtualTokens.length;
    const context = Math.min(room, contextOf(folder) ?? room);
    const template = ChatTemplate.load(modelFolders(folder).tokenizer);
    const encode = ({ prompt, completion }: { prompt: Prompt; completion: string }, i: number): Example => {
      const where = `answer ${i + 1}`;
      try {
        return { ...encodeAnswer({ tokenizer, template, context }, prompt, completion), where };
      } catch (error) {
        if (error instanceof Bad) throw new InputError(`${where} cannot be judged by ${folder}: ${error.message}`);
        throw error;
      }
    };
    return { score: async (items) => scoreExamples(model, head, items.map(encode)), dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

function contextOf(folder: string): number | null {
  const path = join(folder, FILE);
  if (!existsSync(path)) return null;
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8'))).context;
  } catch {
    throw new InputError(`${path} is damaged: it must be {"context": N}, the most tokens of a prompt with its answer`);
  }
}
