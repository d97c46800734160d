/**
 * One sitting of a run, whatever it trains: steps, and what goes on between them (evaluation, samples, checkpoints,
 * metrics). Nothing that happens between steps changes the steps, so a run by steps gives the same model however often it
 * was stopped. The pieces are the caller's: pretraining, tuning and alignment differ in them alone.
 */
import { describeError } from '../io/errors.js';
import type { BestRecord, BestStep } from './best.js';
import type { Checkpoints, TrainerState } from './checkpoint.js';
import type { RunClock } from './clock.js';
import type { RunLength } from './length.js';
import { Diverged, type Scored, type StepReport, train } from './loop.js';
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

/** Why a run should not go on: what went wrong, in a sentence that says what to do. */
export interface Alarm {
  name: string;
  reason: string;
}

/** Rules that see all numbers of a run, and may end it. */
export interface Watch extends Stateful {
  /** Takes the numbers of a step or of an evaluation. */
  see(step: number, numbers: Numbers): void;
  /** The first alarm; null while all is well. */
  readonly alarm: Alarm | null;
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
  /** Ends the run at an alarm. The evaluation that gives one is never the best. */
  watch?: Watch;
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
  /** The run after the last step that was finished, while the next one is under way. */
  private standing: TrainerState | null = null;
  /** Whether the evaluation of the last step has still to be made. */
  private unevaluated = false;

  constructor(parts: SessionParts<Batch>) {
    this.parts = parts;
    const { others, best, watch } = parts;
    this.others = new Map(Object.entries({ ...others, ...(best && { best }), ...(watch && { watch }) }));
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
    this.unevaluated = state.unevaluated ?? false;
    events.onNote?.(`going on from step ${state.step}`);
  }

  /**
   * Trains to the end, to an alarm, or to the signal. When a step or an evaluation fails, the run after the last step that
   * was finished is saved before the error is thrown; not when training diverged, for then older checkpoints are better.
   * @returns whether the run is over; after the signal it is not
   */
  async train(): Promise<boolean> {
    const { clock, out } = this.parts;
    this.log = new RunLog(out, this.step === 0 ? -1 : this.step);
    this.log.log(`training from step ${this.step + 1}`);
    try {
      if (this.step === 0) {
        clock.begin();
        await this.evaluate();
      } else {
        clock.takeUp(readMetrics(out));
        if (this.unevaluated) await this.evaluate();
      }
      this.checkpointAt = clock.seconds();
      await this.makeSteps();
    } catch (error) {
      this.log.log(`failed after step ${this.step}: ${describeError(error)}`);
      if (!(error instanceof Diverged)) this.rescue();
      throw error;
    }
    if (this.savedStep !== this.step) this.checkpoint();
    const ending = this.ending();
    this.log.log(ending ?? `interrupted after step ${this.step}`);
    return ending !== null;
  }

  /** Writes numbers of now into `metrics.jsonl` and tells of them. */
  record(numbers: Numbers): void {
    this.log?.metrics({ ...this.stamp(), ...numbers });
    this.parts.events.onEvaluation?.(this.step, numbers);
  }

  /** Writes what the model says now into `samples.jsonl`. */
  async sample(): Promise<void> {
    this.write(await this.parts.evaluation.sample());
  }

  private write(samples: readonly Omit<SampleLine, 'step'>[]): void {
    for (const { prompt, text } of samples) {
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

  private async makeSteps(): Promise<void> {
    const { optimizer, batches, gradients, accumulate, length, best, watch, signal } = this.parts;
    this.standing = this.snapshot();
    this.step = await train({
      gradients,
      optimizer,
      batches,
      accumulate,
      firstStep: this.step + 1,
      rate: (step) => (best?.exhausted || watch?.alarm ? null : length.rate(step)),
      onStep: (report) => this.afterStep(report),
      ...(signal && { signal }),
    });
  }

  /** How the run ended; null when it has not. */
  private ending(): string | null {
    const { length, best, watch } = this.parts;
    if (watch?.alarm) return `stopped after step ${this.step}: ${watch.alarm.name}: ${watch.alarm.reason}`;
    if (length.total !== null && this.step >= length.total) return 'finished';
    if (!best?.exhausted) return null;
    return `finished after step ${this.step}: ${best.metric} is no better since step ${best.record?.step}`;
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
    this.parts.watch?.see(step, numbers);
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
    if (evaluation.due({ step, last, secondsSince: clock.seconds() - this.evaluatedAt })) {
      this.unevaluated = true;
      this.standing = this.snapshot();
      await this.evaluate();
    }
    this.standing = this.snapshot();
    const due = last || step % saveEvery === 0 || clock.seconds() - this.checkpointAt > SECONDS_BETWEEN_CHECKPOINTS;
    if (due && this.savedStep !== step) this.checkpoint();
  }

  private async evaluate(): Promise<void> {
    const { best, watch, evaluation, clock, onBest } = this.parts;
    const numbers = await evaluation.measure();
    const samples = await evaluation.sample();
    this.unevaluated = false;
    this.record(numbers);
    this.write(samples);
    this.evaluatedAt = clock.seconds();
    watch?.see(this.step, numbers);
    if (watch?.alarm || !best?.see(this.step, numbers[best.metric] ?? NaN)) return;
    this.checkpoint();
    onBest?.(best.record);
  }

  private snapshot(): TrainerState {
    const others = Object.fromEntries([...this.others].map(([name, other]) => [name, other.state()]));
    return {
      step: this.step,
      tokens: this.tokens,
      batches: this.parts.batches.state(),
      ...(this.unevaluated && { unevaluated: true }),
      ...(this.others.size > 0 && { others }),
    };
  }

  private checkpoint(state = this.snapshot()): void {
    const { best, checkpoints, clock, events } = this.parts;
    const folder = checkpoints.save(state, best?.record?.step ?? null);
    this.checkpointAt = clock.seconds();
    this.savedStep = state.step;
    events.onCheckpoint?.(folder);
  }

  /** Saves what stands when a step fails. Its error is the one to tell of, whatever comes of this. */
  private rescue(): void {
    const { standing } = this;
    if (!standing || standing.step === 0 || standing.step === this.savedStep) return;
    try {
      this.checkpoint(standing);
    } catch (error) {
      this.log?.log(`nothing saved after step ${standing.step}: ${describeError(error)}`);
    }
  }
}
