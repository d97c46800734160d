/** Judgements of pairs of answers as JSON lines: which answer is better, who says so, when, and whose answers they are. */
import { Bad, gatherRecords, type GatherOptions, type Problem } from '../../tune/index.js';
import { isTie, pairFields, type Prompt, readPair, readTie } from '../preferences/index.js';

export interface Judgement {
  prompt: Prompt;
  /** The better one first, unless it is a tie. */
  answers: readonly [string, string];
  tie: boolean;
  annotator: string;
  /** Hash of the model that gave the answers, where the record has it. */
  model: string | null;
  where: string;
}

/**
 * Pairs and ties with their "annotator", of JSON lines and Parquet.
 * @throws InputError as `readPreferences` does, and for records without annotator
 */
export async function readJudgements(
  paths: readonly string[],
  options: GatherOptions = {},
): Promise<{ judgements: Judgement[]; problems: Problem[] }> {
  const judgements: Judgement[] = [];
  const problems = await gatherRecords(paths, [...pairFields, 'annotator'], options, (record, where) => {
    const { annotator, model } = record;
    const tie = isTie(record);
    const pair = tie ? readTie(record) : readPair(record);
    if (typeof annotator !== 'string' || annotator.trim() === '')
      throw new Bad('no annotator', 'it has no "annotator": who judged it?');
    judgements.push({
      prompt: pair.prompt,
      answers: 'answers' in pair ? pair.answers : [pair.chosen, pair.rejected],
      tie,
      annotator,
      model: hashIn(model),
      where,
    });
  });
  return { judgements, problems };
}

function hashIn(model: unknown): string | null {
  if (typeof model !== 'object' || model === null || !('sha256' in model)) return null;
  return typeof model.sha256 === 'string' ? model.sha256 : null;
}
