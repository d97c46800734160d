/** Collects judgements: answers are drawn ahead of whoever judges them, and each judgement is written at once. */
import { Random } from '../../io/hash-random.js';
import { sha256 } from '../../io/files.js';
import { RunError } from '../../io/errors.js';
import type { PromptExample } from '../preferences/index.js';
import type { AnswerPair, AnswerSource } from './answers.js';
import type { FeedbackLog, Verdict } from './log.js';

/** A person, or a model. */
export interface Judge {
  /** Pairs it judges at a time. */
  atOnce: number;
  /**
   * @param pair answers in the order they are shown
   * @param place which one it is of those that are asked in this sitting, from 1
   * @returns a verdict with facts to write beside it; 'skip' to leave the prompt for another time; 'quit' to end
   * @throws JudgeFailure where there is no verdict
   */
  judge(pair: AnswerPair, place: { number: number; of: number }): Promise<Judged | 'skip' | 'quit'>;
}

export interface Judged {
  verdict: Verdict;
  facts?: Readonly<Record<string, unknown>>;
}

/** A pair that could not be judged; the others may be. */
export class JudgeFailure extends Error {
  override name = 'JudgeFailure';
}

export interface CollectOptions {
  prompts: readonly PromptExample[];
  answers: Pick<AnswerSource, 'draw'>;
  judge: Judge;
  log: FeedbackLog;
  /** Prompts that are answered together (default 8). */
  batch?: number;
  /** Orders the answers, together with the annotator's name. */
  order: string;
  signal: AbortSignal;
  onProgress?: (collected: Collected) => void;
}

export interface Collected {
  /** Different prompts there are. */
  prompts: number;
  /** Judged in sittings before this one. */
  before: number;
  /** Judgements of this sitting, ties included. */
  judged: number;
  ties: number;
  skipped: number;
  /** Prompts to which the model gave no two different answers. */
  alike: number;
  /** Pairs without a verdict, and why the last was. */
  failed: number;
  reason: string | null;
  /** Whether all prompts were gone through. */
  finished: boolean;
}

/** Failures one after another that end the work: the rest would fail too. */
const MOST_FAILURES = 5;

/**
 * Has the answers to each prompt judged that the log does not have yet, in their order.
 * @throws RunError when judging fails again and again; what is judged is kept
 */
export async function collectFeedback(options: CollectOptions): Promise<Collected> {
  const { judge, log, signal, batch = 8, order } = options;
  const different = [...new Map(options.prompts.map((each) => [JSON.stringify(each.prompt), each])).values()];
  const asked = different.filter(({ prompt }) => !log.has(prompt));
  const state: Collected = {
    prompts: different.length,
    before: different.length - asked.length,
    judged: 0,
    ties: 0,
    skipped: 0,
    alike: 0,
    failed: 0,
    reason: null,
    finished: false,
  };
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  let [begun, failures] = [0, 0];

  const judgeOne = async (pair: AnswerPair): Promise<void> => {
    const shown = inOrder(pair, order);
    try {
      const judged = await judge.judge(shown, { number: ++begun, of: asked.length });
      if (judged === 'quit') ended.abort();
      else if (judged === 'skip') state.skipped++;
      else {
        log.append(shown, judged.verdict, judged.facts);
        state.judged++;
        if (judged.verdict === 'tie') state.ties++;
      }
      failures = 0;
    } catch (error) {
      if (!(error instanceof JudgeFailure)) throw error;
      if (stop.aborted) return;
      state.failed++;
      state.reason = error.message;
      if (++failures >= MOST_FAILURES)
        throw new RunError(`judging failed ${failures} times in a row, at last because ${error.message}`, {
          cause: error,
        });
    }
    options.onProgress?.(state);
  };

  const draw = (from: number): ReturnType<AnswerSource['draw']> => {
    const drawn = options.answers.draw(asked.slice(from, from + batch), stop);
    drawn.catch(() => {}); // heard where it is awaited
    return drawn;
  };
  try {
    let coming = draw(0);
    for (let from = 0; from < asked.length && !stop.aborted; from += batch) {
      const pairs = await coming;
      if (stop.aborted) break;
      coming = draw(from + batch);
      const good = pairs.filter((pair) => pair !== null);
      state.alike += pairs.length - good.length;
      begun += pairs.length - good.length;
      await atOnce(good, judge.atOnce, stop, judgeOne);
    }
    await coming;
  } finally {
    ended.abort();
  }
  state.finished = state.judged + state.skipped + state.alike + state.failed === asked.length;
  return state;
}

/** The two answers in an order that says nothing about them. */
function inOrder({ prompt, answers }: AnswerPair, order: string): AnswerPair {
  const stream = Number.parseInt(sha256(`${order} ${JSON.stringify(prompt)}`).slice(0, 12), 16);
  const [a, b] = answers;
  return { prompt, answers: new Random(0, stream).int(2) === 0 ? [a, b] : [b, a] };
}

/** Works on items, `count` at a time, until all are done or the signal stops it. The first error stops it, too. */
async function atOnce<T>(
  items: readonly T[],
  count: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !signal.aborted && !failed)
      try {
        await work(items[next++]!);
      } catch (error) {
        failed = true;
        throw error;
      }
  };
  const settled = await Promise.allSettled(Array.from({ length: Math.min(count, items.length) }, worker));
  for (const each of settled) if (each.status === 'rejected') throw each.reason;
}
