/** The plan of a corpus: its configuration and units of work, written down so that a stopped run goes on with the same. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describeError, InputError, RunError } from '../../io/errors.js';
import { makeFolder, writeAtomic } from '../../io/files.js';
import { planUnits, type Problem, type ReadUnit } from '../read/index.js';
import type { CorpusConfig } from './config.js';
import { corpusFolder } from './folder.js';

/** What a thread reads and cleans at a time: a slice of a large file, or many small files. */
export interface WorkUnit {
  /** Number of its source in the configuration. */
  source: number;
  parts: ReadUnit[];
}

/** Bytes of input from which a unit takes no further file, and files of one at most. */
const UNIT_BYTES = 16 * 2 ** 20;
const UNIT_FILES = 4096;

export interface CorpusPlan {
  format: 'telar-corpus';
  version: 1;
  command: string;
  created: string;
  config: CorpusConfig;
  units: WorkUnit[];
  /** What was left out while the files were looked for. */
  problems: Problem[];
}

/**
 * The plan of the corpus in `out`, made now or by an earlier sitting.
 * @throws InputError when `out` is in use for something else, its plan is another, or its input has changed since
 */
export async function openPlan(
  config: CorpusConfig,
  out: string,
  { resume, command }: { resume: boolean; command: string },
): Promise<CorpusPlan> {
  const { plan: path, spool } = corpusFolder(out);
  if (existsSync(path)) {
    if (!resume) throw new InputError(`${out} holds a corpus already: add --resume to go on, or choose another --out`);
    return checkPlan(readPlan(path), config, path);
  }
  refuseOtherContent(out);
  const problems: Problem[] = [];
  const sources = config.sources.entries();
  const units: WorkUnit[] = [];
  for (const [
    source,
    { name: _name, paths, licence: _licence, origin: _origin, weight: _weight, cap: _cap, ...read },
  ] of sources) {
    const warn = (problem: Problem): void => void problems.push(problem);
    units.push(...grouped(source, await planUnits(paths, { ...read, spoolFolder: spool, warn })));
  }
  const plan: CorpusPlan = {
    format: 'telar-corpus',
    version: 1,
    command,
    created: new Date().toISOString(),
    config,
    units,
    problems,
  };
  writeAtomic(path, JSON.stringify(plan));
  return plan;
}

function grouped(source: number, parts: readonly ReadUnit[]): WorkUnit[] {
  const units: WorkUnit[] = [];
  let bytes = Infinity;
  for (const part of parts) {
    if (bytes >= UNIT_BYTES || units.at(-1)!.parts.length >= UNIT_FILES) {
      units.push({ source, parts: [] });
      bytes = 0;
    }
    units.at(-1)!.parts.push(part);
    bytes += part.to - part.from;
  }
  return units;
}

/** @throws RunError for a file that is not a plan */
function readPlan(path: string): CorpusPlan {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as CorpusPlan;
    if (value.format === 'telar-corpus' && value.version === 1) return value;
  } catch (error) {
    throw new RunError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  throw new RunError(`${path} is not the plan of a corpus, or of another version`);
}

function checkPlan(plan: CorpusPlan, config: CorpusConfig, path: string): CorpusPlan {
  // Through JSON, as the plan went: what is undefined is not there.
  if (JSON.stringify(plan.config) !== JSON.stringify(config))
    throw new InputError(`the configuration is not that of ${path}: choose another --out for it`);
  for (const { path: input, modified } of plan.units.flatMap(({ parts }) => parts)) {
    const stats = statSync(input, { throwIfNoEntry: false });
    if (!stats || stats.mtimeMs !== modified)
      throw new InputError(`${input} ${stats ? 'has changed' : 'is gone'} since the corpus was begun: begin anew`);
  }
  return plan;
}

/** A folder that is new, or was stopped before it had a plan. */
function refuseOtherContent(out: string): void {
  try {
    makeFolder(out);
    const other = readdirSync(out).find((name) => name !== 'input' && !name.endsWith('.tmp'));
    if (other === undefined) return;
    throw new InputError(`${out} is not empty (it holds ${other}): choose another --out`);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`cannot use ${out}: ${describeError(error)}`, { cause: error });
  }
}
