/**
 * One sitting of a run, whatever it trains: steps, and what goes on between them (evaluation, samples, checkpoints,
 * metrics). Nothing that happens between steps changes the steps, so a run by steps gives the same model however often it
 * was stopped. The pieces are the caller's: pretraining, tuning and alignment differ in them alone.
 */
import type { BestRecord, BestStep } from './best.js';
import type { Checkpoints } from './checkpoint.js';
import type { RunClock } from './clock.js';
import type { RunLength } from './length.js';
import { type Scored, type StepReport, train } from './loop.js';
import { readMetrics, RunLog, type SampleLine } from './metrics.js';
import type { Optimizer } from './optimizer.js';

/** Numbers by name, as `metrics.jsonl` has them. */
export type Numbers = Record<string, number>;

/** Something whose state a checkpoint holds. */
export interface Stateful {
  /** Plain JSON. */
  state(): unknown;
  /** Continues where `state` was taken. @throws InputError for something else than a state of its own */
  restore(state: unknown): void;
}

/** Batches without end, which can be continued exactly. Making one may take long, as rollouts do. */
export interface BatchStream<Batch> extends Stateful {
  next(): Batch | Promise<Batch>;
  /** Times gone through the data, with the part of the one under way. */
  readonly epochs: number;
}

export interface StepStatus extends StepReport {
  /** Null while a run by the clock does not know its end. */
  totalSteps: number | null;
  /** Terms of the loss so far. */
  tokensDone: number;
  tokensPerSecond: number;
  /** Seconds of work so far, and seconds that are left. */
  seconds: number;
  secondsLeft: number | null;
  /** What else was measured of the step. */
  numbers: Numbers;
}

/** What a run tells while it works. */
export interface SessionEvents {
  onPhase?: (title: string, done: number, total: number, unit: string) => void;
  onStep?: (status: StepStatus) => void;
  onEvaluation?: (step: number, numbers: Numbers) => void;
  onSample?: (step: number, prompt: string, text: string) => void;
  onCheckpoint?: (folder: string) => void;
  onNote?: (message: string) => void;
}

/** The look at a run every so often. */
export interface Evaluation {
  /** Whether it is time; a run that lets the numbers decide anything must go by the step alone. */
  due(at: { step: number; last: boolean; secondsSince: number }): boolean;
  /** Numbers for `metrics.jsonl`. */
  measure(): Promise<Numbers>;
  /** Texts for `samples.jsonl`. */
  sample(): Promise<Omit<SampleLine, 'step'>[]>;
}

export interface SessionParts<Batch extends Scored> {
  /** Run directory. */
  out: string;
  optimizer: Optimizer;
  batches: BatchStream<Batch>;
  /** See {@link train}. */
  gradients: (batch: Batch, scoredInStep: number) => number;
  accumulate: number;
  length: RunLength;
  clock: RunClock;
  checkpoints: Checkpoints;
  evaluation: Evaluation;
  /** Further numbers of a step, for `metrics.jsonl`. */
  numbers?: (report: StepReport) => Numbers;
  /** Keeps the checkpoint of the best evaluation, and ends the run when its patience is over. */
  best?: BestStep;
  /** Hears of a new best step, or of none yet. */
  onBest?: (best: BestRecord | null) => void;
  /** Whatever else a resumed run must find as it was. */
  others?: Readonly<Record<string, Stateful>>;
  events: SessionEvents;
  /** A checkpoint at every multiple of so many steps, besides those by the clock. */
  saveEvery?: number;
  signal?: AbortSignal;
}

const SECONDS_BETWEEN_CHECKPOINTS = 120;

export class TrainingSession<Batch extends Scored> {
  /** The last step that was finished. */
  step = 0;
  /** Terms of the loss in all steps so far. */
  tokens = 0;
  private readonly parts: SessionParts<Batch>;
  private readonly others: ReadonlyMap<string, Stateful>;
  private log: RunLog | null = null;
  private evaluatedAt = -Infinity;
  private checkpointAt = 0;
  /** Of the checkpoint that this sitting wrote or began from. */
  private savedStep: number | null = null;

  constructor(parts: SessionParts<Batch>) {
    this.parts = parts;
    this.others = new Map(Object.entries({ ...parts.others, ...(parts.best && { best: parts.best }) }));
  }

  /** Takes up the newest sound checkpoint; without any, the run begins again. */
  restore(): void {
    const { checkpoints, batches, events, best, onBest } = this.parts;
    if (checkpoints.newest === null) return;
    const state = checkpoints.loadNewest((message) => events.onNote?.(message));
    batches.restore(state.batches);
    for (const [name, other] of this.others) other.restore(state.others?.[name]);
    if (best) onBest?.(best.record);
    this.step = state.step;
    this.tokens = state.tokens;
    this.savedStep = state.step;
    events.onNote?.(`going on from step ${state.step}`);
  }

  /** Trains to the end, or to the signal after saving a checkpoint. @returns whether the end was reached */
  async train(): Promise<boolean> {
    const { optimizer, batches, gradients, accumulate, length, best, clock, out, signal } = this.parts;
    this.log = new RunLog(out, this.step === 0 ? -1 : this.step);
    this.log.log(`training from step ${this.step + 1}`);
    if (this.step === 0) {
      clock.begin();
      await this.evaluate();
    } else clock.takeUp(readMetrics(out));
    this.checkpointAt = clock.seconds();
    this.step = await train({
      gradients,
      optimizer,
      batches,
      accumulate,
      firstStep: this.step + 1,
      rate: (step) => (best?.exhausted ? null : length.rate(step)),
      onStep: (report) => this.afterStep(report),
      ...(signal && { signal }),
    });
    const ended = length.total !== null && this.step >= length.total;
    const finished = ended || (best?.exhausted ?? false);
    if (this.savedStep !== this.step) this.checkpoint();
    this.log.log(
      ended
        ? 'finished'
        : finished
          ? `finished after step ${this.step}: ${best!.metric} is no better since step ${best!.record?.step}`
          : `interrupted after step ${this.step}`,
    );
    return finished;
  }

  /** Writes numbers of now into `metrics.jsonl` and tells of them. */
  record(numbers: Numbers): void {
    this.log?.metrics({ ...this.stamp(), ...numbers });
    this.parts.events.onEvaluation?.(this.step, numbers);
  }

  /** Writes what the model says now into `samples.jsonl`. */
  async sample(): Promise<void> {
    for (const { prompt, text } of await this.parts.evaluation.sample()) {
      this.log?.sample({ step: this.step, prompt, text });
      this.parts.events.onSample?.(this.step, prompt, text);
    }
  }

  close(): void {
    this.log?.close();
    this.parts.optimizer.dispose();
  }

  private stamp(): { step: number; tokens: number; time: number } {
    return { step: this.step, tokens: this.tokens, time: this.parts.clock.seconds() };
  }

  private async afterStep(report: StepReport): Promise<void> {
    const { optimizer, length, clock, evaluation, events, saveEvery = Infinity } = this.parts;
    const { step, loss, gradNorm, tokens, seconds } = report;
    this.step = step;
    this.tokens += tokens;
    length.observe(tokens, seconds);
    const tokensPerSecond = tokens / seconds;
    const learningRate = optimizer.config.learningRate * report.rate;
    const numbers = this.parts.numbers?.(report) ?? {};
    this.log!.metrics({ ...this.stamp(), loss, learningRate, gradNorm, tokensPerSecond, ...numbers });
    events.onStep?.({
      ...report,
      totalSteps: length.total,
      tokensDone: this.tokens,
      tokensPerSecond,
      seconds: clock.seconds(),
      secondsLeft: length.secondsLeft(step),
      numbers,
    });
    const last = step === length.total;
    if (evaluation.due({ step, last, secondsSince: clock.seconds() - this.evaluatedAt })) await this.evaluate();
    const due = last || step % saveEvery === 0 || clock.seconds() - this.checkpointAt > SECONDS_BETWEEN_CHECKPOINTS;
    if (due && this.savedStep !== step) this.checkpoint();
  }

  private async evaluate(): Promise<void> {
    const { best, evaluation, clock, onBest } = this.parts;
    const numbers = await evaluation.measure();
    this.record(numbers);
    await this.sample();
    this.evaluatedAt = clock.seconds();
    if (!best?.see(this.step, numbers[best.metric] ?? NaN)) return;
    this.checkpoint();
    onBest?.(best.record);
  }

  private checkpoint(): void {
    const { batches, best, checkpoints, clock, events } = this.parts;
    const others = Object.fromEntries([...this.others].map(([name, other]) => [name, other.state()]));
    const state = { step: this.step, tokens: this.tokens, batches: batches.state() };
    const folder = checkpoints.save(this.others.size > 0 ? { ...state, others } : state, best?.record?.step ?? null);
    this.checkpointAt = clock.seconds();
    this.savedStep = this.step;
    events.onCheckpoint?.(folder);
  }
}
