/** Records of files one by one, with what is wrong in them gathered by place. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readRecords } from '../../corpus/index.js';
import { InputError } from '../../io/errors.js';
import { parseRecord } from './json-record.js';
import { Bad, type Problem } from './problem.js';

export interface GatherOptions {
  /** Leave bad examples out instead of stopping. */
  skipBad?: boolean;
  /** Told of each example that is left out. */
  onProblem?: (problem: Problem) => void;
}

/** Problems after which reading stops, where they are not skipped. */
const MOST_PROBLEMS = 10;

/**
 * Visits the records of JSON lines and Parquet files, in order; `visit` throws Bad for one that cannot be used.
 * @param fields what is read of Parquet
 * @returns the records that were left out
 * @throws InputError for the first bad records, each with its place, unless `skipBad`; and when none is good
 */
export async function gatherRecords(
  paths: readonly string[],
  fields: readonly string[],
  options: GatherOptions,
  visit: (record: Readonly<Record<string, unknown>>, where: string) => void,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  let [records, good] = [0, 0];
  for await (const record of readRecords(paths, fields)) {
    const { where } = record;
    if (++records % 256 === 0) await nextTurn(); // signals are heard in between
    try {
      if (record.kind === 'damage') throw new Bad('not readable', record.reason);
      visit(record.kind === 'row' ? record.row : parseRecord(record.bytes), where);
      good++;
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      const problem = { where, kind: error.kind, reason: error.message };
      problems.push(problem);
      if (options.skipBad) options.onProblem?.(problem);
      else if (problems.length === MOST_PROBLEMS) break;
    }
  }
  if (problems.length > 0 && !options.skipBad) throw new InputError(listed(problems));
  if (good === 0)
    throw new InputError(
      problems.length > 0
        ? `no good example in ${paths.join(', ')}: all ${problems.length} are bad, the first (${problems[0]!.where}) because ${problems[0]!.reason}`
        : `no example in ${paths.join(', ')}`,
    );
  return problems;
}

function listed(problems: readonly Problem[]): string {
  if (problems.length === 1)
    return `${problems[0]!.where}: ${problems[0]!.reason} (--skip-bad leaves such examples out)`;
  const head =
    problems.length === MOST_PROBLEMS ? `the first ${MOST_PROBLEMS} bad examples` : `${problems.length} bad examples`;
  const lines = problems.map(({ where, reason }) => `  ${where}: ${reason}`);
  return `${head} (--skip-bad leaves them out):\n${lines.join('\n')}`;
}
