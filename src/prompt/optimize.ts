/** The search for a better prompt: candidates, successive halving on a development set, the winner put to the test. */
import { join } from 'node:path';
import type { LanguageModel } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import { sha256 } from '../io/files.js';
import { Random } from '../io/hash-random.js';
import { embedTexts } from '../understand/index.js';
import { Assessor, type Outcome } from './assess.js';
import {
  type Candidate,
  candidateName,
  candidatePrompt,
  type CandidatesFile,
  makeCandidates,
  noCandidates,
} from './candidates.js';
import { type Example, keyOf } from './examples.js';
import { type Round, successiveHalving } from './halving.js';
import { compare, type Comparison, metricOf, metricValue, type Score, scoreOf } from './metric.js';
import { OutcomeFile } from './outcomes.js';
import type { PromptFile } from './prompt-file.js';
import { type Embed, exampleSelector, type Selector } from './select.js';
import type { MetricName } from './settings.js';

export interface OptimizeOptions {
  file: PromptFile;
  lm: LanguageModel;
  /** What tells this model from others, for resuming: its path and the hash of its weights. */
  modelIdentity: string;
  dev: readonly Example[];
  /** Held out: the seed and the winner are compared on it, once. */
  test?: readonly Example[];
  /** Folder for `outcomes.jsonl`; a search that stopped goes on from it. */
  out: string;
  candidates?: CandidatesFile;
  /** Tokens that scoring may take. Default 1,000,000. */
  budget?: number;
  metric?: string;
  seed?: number;
  embed?: Embed;
  signal?: AbortSignal;
  /** Told after every batch; `unit` says what `done` and `total` count. */
  onScored?: (state: { title: string; done: number; total: number; unit: string; best: string }) => void;
}

/** One candidate after the search. */
export interface Standing {
  name: string;
  candidate: Candidate;
  /** Tokens of an example, as the budget counts them. */
  cost: number;
  /** Examples it was scored on. */
  examples: number;
  score: Score | null;
  /** Round in which it fell; null for the winner and where the search stopped before. */
  fell: number | null;
  /** The leader of that round, and how much better it was on the same examples. */
  leader: string | null;
  behind: Comparison | null;
  seconds: number;
}

export interface OptimizeResult {
  metric: MetricName;
  seed: number;
  budget: number;
  /** Tokens charged to the budget, and seconds of scoring, earlier sittings included. */
  spent: number;
  seconds: number;
  examples: { dev: number; pool: number; test: number };
  rounds: Round[];
  /** In the order in which they were made: the seed first. */
  standings: Standing[];
  /** Candidates that were not tried, for their prompts do not fit the context even without examples. */
  tooLong: Candidate[];
  winner: number;
  /** The winner as a prompt. */
  prompt: PromptFile;
  /** The winner against the seed on the development examples both were scored on: too good, for it was chosen on them. */
  gain: Comparison | null;
  test: { seed: Score; winner: Score; gain: Comparison } | null;
  interrupted: boolean;
}

/** Examples scored together. */
const BATCH = 8;
/** Examples of the first round, where there are as many. */
const LEAST = 16;
/** Most examples set aside to be shown, where the prompt file brings none. */
const MOST_POOL = 64;

/**
 * Searches. What is scored is on disk at once, so that a search that is stopped loses at most a batch.
 * @throws InputError for a prompt without {{examples}} and {{answer}}, a budget too small, a test set that overlaps
 */
export async function optimizePrompt(options: OptimizeOptions): Promise<OptimizeResult> {
  const { file, lm, out, budget = 1_000_000, seed = 0, signal } = options;
  const { embed = (texts) => embedTexts(lm, texts) } = options;
  const metric = metricOf(file.settings, options.metric);
  if (!file.body.hasExamples || !file.body.hasAnswer)
    throw new InputError(
      `${file.path}: to be optimised a prompt needs {{examples}} between its instruction and its question, and {{answer}}`,
    );
  const { pool, dev } = parted(file, options.dev, seed);
  const test = options.test ?? [];
  checkDisjoint([...dev, ...pool], test);
  const assessor = new Assessor(lm);
  const made = makeCandidates(file, options.candidates ?? noCandidates, pool, { seed }).map((candidate, i) => ({
    candidate,
    prompt: i === 0 ? file : candidatePrompt(file, candidate, pool),
  }));
  const longest = [...dev, ...test].sort((a, b) => keyOf(b.values).length - keyOf(a.values).length).slice(0, BATCH);
  const tooLong = made.map(({ prompt }, i) => i > 0 && !fits(assessor, prompt, longest));
  const chosen = made.filter((_, i) => !tooLong[i]);
  const [candidates, prompts] = [chosen.map((each) => each.candidate), chosen.map((each) => each.prompt)];
  const names = candidates.map(candidateName);
  const search = sha256(
    JSON.stringify([
      options.modelIdentity,
      metric,
      seed,
      rowsOf(dev),
      rowsOf(test),
      rowsOf(pool),
      names[0],
      rowsOf(file.pool),
    ]),
  );
  const record = new OutcomeFile(join(out, 'outcomes.jsonl'), search);
  try {
    const questions = [...dev, ...test].map(({ values }) => values);
    const selectors: Selector[] = [];
    for (const prompt of prompts) selectors.push(await exampleSelector(prompt, questions, embed));
    const costs = prompts.map((prompt, i) => estimate(assessor, prompt, selectors[i]!, dev.slice(0, BATCH), metric));
    const run = async (i: number, set: 'dev' | 'test', from: number, to: number): Promise<void> => {
      if (record.has(names[i]!, set, from)) return;
      const examples = (set === 'dev' ? dev : test).slice(from, to);
      const began = performance.now();
      const outcomes = await assessor.outcomes(prompts[i]!, examples, selectors[i]!, metric);
      const seconds = (performance.now() - began) / 1000;
      record.add(names[i]!, set, from, outcomes, seconds);
    };
    const outcomesOf = (i: number, size = Infinity): Outcome[] => record.of(names[i]!, 'dev').slice(0, size);
    const order = (a: number, b: number, size: number): number => {
      const [first, second] = [outcomesOf(a, size), outcomesOf(b, size)];
      const by = (name: MetricName): number => metricValue(name, dev, second) - metricValue(name, dev, first);
      return by(metric) || by('likelihood') || costs[a]! - costs[b]!;
    };
    let [spent, title, best] = [0, 'round 1', names[0]!];
    const halving = await successiveHalving({
      candidates: candidates.length,
      examples: dev.length,
      budget,
      batch: BATCH,
      least: LEAST,
      cost: (i) => costs[i]!,
      score: async (i, from, to) => {
        await run(i, 'dev', from, to);
        spent += costs[i]! * (to - from);
        options.onScored?.({ title, done: Math.round(spent), total: budget, unit: 'tokens', best });
        return costs[i]! * (to - from);
      },
      compare: order,
      onRound: ({ number, ranking, size }) => {
        title = `round ${number + 1}`;
        best = `${names[ranking[0]!]!} ${metricValue(metric, dev, outcomesOf(ranking[0]!, size)).toFixed(3)}`;
      },
      ...(signal && { signal }),
    });
    const { rounds, winner } = halving;
    const standings = candidates.map((candidate, i): Standing => {
      const outcomes = outcomesOf(i);
      const fall = rounds.find(({ ranking, kept }) => ranking.indexOf(i) >= kept);
      const leader = fall?.ranking[0];
      const behind =
        fall && compare(metric, dev, outcomesOf(i, fall.size), outcomesOf(leader!, fall.size), { seed, draws: 1000 });
      return {
        name: names[i]!,
        candidate,
        cost: costs[i]!,
        examples: outcomes.length,
        score: outcomes.length === 0 ? null : scoreOf(metric, dev, outcomes, seed),
        fell: fall?.number ?? null,
        leader: leader === undefined ? null : names[leader]!,
        behind: behind ?? null,
        seconds: record.seconds(names[i]!),
      };
    });
    const common = Math.min(outcomesOf(0).length, outcomesOf(winner).length);
    const gain =
      winner === 0 || common === 0
        ? null
        : compare(metric, dev, outcomesOf(0, common), outcomesOf(winner, common), { seed });
    const tested = halving.interrupted || test.length === 0 ? null : await compareOnTest();
    return {
      metric,
      seed,
      budget,
      spent: Math.round(halving.spent),
      seconds: record.seconds(),
      examples: { dev: dev.length, pool: pool.length, test: test.length },
      rounds,
      standings,
      tooLong: made.filter((_, i) => tooLong[i]).map(({ candidate }) => candidate),
      winner,
      prompt: prompts[winner]!,
      gain,
      test: tested,
      interrupted: halving.interrupted || (tested === null && test.length > 0),
    };

    async function compareOnTest(): Promise<OptimizeResult['test']> {
      for (const i of new Set([0, winner]))
        for (let from = 0; from < test.length; from += BATCH) {
          if (signal?.aborted) return null;
          options.onScored?.({
            title: i === 0 ? 'test of the seed' : 'test of the winner',
            done: from,
            total: test.length,
            unit: 'examples',
            best,
          });
          await run(i, 'test', from, Math.min(test.length, from + BATCH));
        }
      const [first, second] = [0, winner].map((i) => record.of(names[i]!, 'test')) as [Outcome[], Outcome[]];
      return {
        seed: scoreOf(metric, test, first, seed),
        winner: scoreOf(metric, test, second, seed),
        gain: compare(metric, test, first, second, { seed, draws: 10_000 }),
      };
    }
  } finally {
    record.close();
  }
}

/** Examples to show and examples to measure on: a quarter of the development set is set aside where the file has none. */
function parted(
  file: PromptFile,
  data: readonly Example[],
  seed: number,
): { pool: readonly Example[]; dev: Example[] } {
  const order = new Random(seed, 0xde5).shuffle([...data]);
  if (file.pool.length > 0) return { pool: file.pool, dev: order };
  const count = Math.min(MOST_POOL, Math.floor(order.length / 4));
  return { pool: order.slice(0, count), dev: order.slice(count) };
}

function checkDisjoint(seen: readonly Example[], test: readonly Example[]): void {
  const keys = new Map(seen.map((example) => [keyOf(example.values), example.where]));
  for (const { values, where } of test) {
    const same = keys.get(keyOf(values));
    if (same !== undefined)
      throw new InputError(
        `${where} is also in the development set or among the examples (${same}): it is not held out`,
      );
  }
}

/** Whether the prompt fits the context with each of the examples as the question, without any shown. */
function fits(assessor: Assessor, prompt: PromptFile, examples: readonly Example[]): boolean {
  try {
    for (const example of examples) assessor.fit(prompt, example, () => []);
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** Tokens of an example: what prompts have in common counts once a batch. */
function estimate(
  assessor: Assessor,
  prompt: PromptFile,
  select: Selector,
  some: readonly Example[],
  metric: MetricName,
): number {
  const fitted = some.map((example) => assessor.fit(prompt, example, select));
  const total = fitted.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const [first, ...others] = fitted.map(({ tokens }) => tokens);
  const shared = others.reduce((least, tokens) => {
    let at = 0;
    while (at < least && tokens[at] === first![at]) at++;
    return at;
  }, first!.length);
  const generates = prompt.settings.output.kind !== 'labels' && metric !== 'likelihood';
  const answer = generates ? prompt.settings.sampling['max-tokens'] + total / some.length : 4;
  return Math.ceil((total - shared * (some.length - 1)) / some.length + answer);
}

function rowsOf(examples: readonly Example[]): [string, string][] {
  return examples.map(({ values, answer }) => [keyOf(values), answer]);
}
