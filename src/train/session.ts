/**
 * One sitting of a run: steps, and what goes on between them (evaluation, samples, checkpoints, metrics). Nothing that
 * happens between steps changes the steps, so a run by steps gives the same model however often it was stopped.
 */
import { type OpenShards, type TrainingBatches } from '../corpus/index.js';
import { generateText } from '../generate/index.js';
import type { Transformer } from '../model/index.js';
import { saveTokenizer, type Tokenizer } from '../tokenizer/index.js';
import { checkpointFolder, keepNewest, listCheckpoints, loadNewest, saveCheckpoint } from './checkpoint.js';
import { evaluateHeldOut, type HeldOutResult } from './evaluate.js';
import { trainingFlopsPerToken } from './flops.js';
import { type StepReport, train } from './loop.js';
import { lossAndGradients } from './objective.js';
import { readMetrics, RunLog } from './metrics.js';
import { Optimizer } from './optimizer.js';
import { projectionBlocks, totalWithDecay } from './plan.js';
import { type RunDescription, writeRun } from './run-directory.js';
import { createSchedule } from './schedule.js';

export interface TrainingStatus extends StepReport {
  /** Null while a run by the clock does not know its end. */
  totalSteps: number | null;
  /** Tokens trained on so far. */
  tokensDone: number;
  tokensPerSecond: number;
  fractionOfPeak: number;
  /** Seconds of work so far, and seconds that are left. */
  seconds: number;
  secondsLeft: number | null;
}

/** What a run tells while it works. */
export interface PretrainEvents {
  onPhase?: (title: string, done: number, total: number, unit: string) => void;
  onStep?: (status: TrainingStatus) => void;
  onEvaluation?: (step: number, result: HeldOutResult) => void;
  onSample?: (step: number, prompt: string, text: string) => void;
  onCheckpoint?: (folder: string) => void;
  onNote?: (message: string) => void;
}

export interface SessionParts {
  run: RunDescription;
  out: string;
  model: Transformer;
  tokenizer: Tokenizer;
  shards: OpenShards;
  batches: TrainingBatches;
  events: PretrainEvents;
  /** Seconds that preparation took, which count against the minutes of a run. */
  secondsBefore: number;
  /** A checkpoint at every multiple of so many steps, besides those by the clock. */
  saveEvery?: number;
  signal?: AbortSignal;
}

/** Held-out tokens of an evaluation on the way, and of the last one at most. */
const QUICK_EVALUATION = 16_384;
const FULL_EVALUATION = 250_000;
const SECONDS_BETWEEN_CHECKPOINTS = 120;
const KEPT_CHECKPOINTS = 2;
const SAMPLE_TOKENS = 60;

export class TrainingSession {
  /** The last step that was finished. */
  step = 0;
  private tokens = 0;
  private totalSteps: number | null;
  private readonly parts: SessionParts;
  private readonly optimizer: Optimizer;
  private log: RunLog | null = null;
  /** Clock of the work, of earlier sittings too. */
  private startedAt = performance.now();
  private evaluatedAt = -Infinity;
  private checkpointAt = 0;
  /** Seconds of work before the first step. */
  private preparation = 0;
  /** Of the steps so far, smoothed. */
  private secondsPerToken = 0;
  private readonly prompt: string;

  constructor(parts: SessionParts) {
    this.parts = parts;
    const { run, model, shards, tokenizer } = parts;
    this.optimizer = new Optimizer(model.parameters, run.training.optimizer, projectionBlocks(run.model));
    this.totalSteps = run.training.steps;
    this.startedAt -= parts.secondsBefore * 1000;
    this.prompt = openingWords(shards, tokenizer, run.model.context);
  }

  /** Takes up the newest sound checkpoint; without any, the run begins again. */
  restore(): void {
    const { out, model, batches, events } = this.parts;
    if (listCheckpoints(out).length === 0) return;
    const state = loadNewest(out, model, this.optimizer, (message) => events.onNote?.(message));
    batches.restore(state.batches);
    this.step = state.step;
    this.tokens = state.tokens;
    events.onNote?.(`going on from step ${state.step}`);
  }

  /** Trains to the end, or to the signal after saving a checkpoint. @returns whether the end was reached */
  async train(): Promise<boolean> {
    const { model, batches, run, out, signal } = this.parts;
    this.log = new RunLog(out, this.step === 0 ? -1 : this.step);
    this.log.log(`training from step ${this.step + 1}`);
    if (this.step === 0) {
      this.preparation = this.seconds();
      await this.evaluate();
    } else this.takeUpClock();
    this.checkpointAt = this.seconds();
    this.step = await train({
      gradients: (batch, scored) => lossAndGradients(model, batch, scored),
      optimizer: this.optimizer,
      batches,
      accumulate: run.training.accumulate,
      firstStep: this.step + 1,
      rate: (step) => this.rate(step),
      onStep: (report) => this.afterStep(report),
      ...(signal && { signal }),
    });
    const finished = this.totalSteps !== null && this.step >= this.totalSteps;
    if (!finished || listCheckpoints(out)[0]?.step !== this.step) this.checkpoint();
    this.log.log(finished ? 'finished' : `interrupted after step ${this.step}`);
    return finished;
  }

  /** The last evaluation and sample; writes the result into `run.json`. */
  async finish(): Promise<void> {
    const { run, out, model, shards, events } = this.parts;
    const { context } = run.model;
    const total = Math.min(FULL_EVALUATION, shards.heldOut.tokens);
    const result = await evaluateHeldOut(model, shards, context, {
      maxTokens: FULL_EVALUATION,
      stride: Math.max(1, context >> 1),
      onProgress: (tokens) => events.onPhase?.('evaluating', tokens, total, 'tokens'),
    });
    this.log?.metrics({ ...this.stamp(), heldOutLoss: result.loss, bitsPerByte: result.bitsPerByte });
    events.onEvaluation?.(this.step, result);
    await this.sample();
    run.result = {
      bitsPerByte: result.bitsPerByte,
      heldOutLoss: result.loss,
      steps: this.step,
      tokens: this.tokens,
      epochs: this.parts.batches.epochs,
      seconds: this.seconds(),
      tokensPerSecond: this.tokens / this.seconds(),
    };
    writeRun(out, run);
  }

  close(): void {
    this.log?.close();
    this.optimizer.dispose();
  }

  /** Goes on with the clock where the metrics of the steps so far end. */
  private takeUpClock(): void {
    const lines = readMetrics(this.parts.out);
    this.startedAt = performance.now() - (lines.at(-1)?.time ?? 0) * 1000;
    this.preparation = lines.find(({ step }) => step === 0)?.time ?? 0;
  }

  private seconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  private stamp(): { step: number; tokens: number; time: number } {
    return { step: this.step, tokens: this.tokens, time: this.seconds() };
  }

  /** The schedule. A run by the clock is stable until the share of its time is over, and then knows its last step. */
  private rate(step: number): number | null {
    const { run } = this.parts;
    const { schedule, minutes } = run.training;
    if (this.totalSteps === null && this.secondsPerToken > 0) {
      const stable = schedule.shape === 'wsd' ? 1 - schedule.decayFraction : 1;
      const reserve = Math.min(run.data.heldOutTokens, FULL_EVALUATION) * 0.8 * this.secondsPerToken + 3;
      const available = minutes! * 60 - reserve - this.preparation;
      if (this.seconds() - this.preparation >= stable * available) this.decide(totalWithDecay(step - 1, 1 - stable));
    }
    if (this.totalSteps !== null && step > this.totalSteps) return null;
    if (this.totalSteps === null) return createSchedule({ ...schedule, shape: 'constant' })(step - 1, 1);
    return createSchedule(schedule)(step - 1, this.totalSteps);
  }

  private decide(steps: number): void {
    const { run, out } = this.parts;
    this.totalSteps = steps;
    run.training.steps = steps;
    run.training.tokens = steps * run.training.batchTokens;
    writeRun(out, run);
  }

  private async afterStep(report: StepReport): Promise<void> {
    const { run, events } = this.parts;
    this.step = report.step;
    this.tokens += report.tokens;
    const tokensPerSecond = report.tokens / report.seconds;
    this.secondsPerToken =
      this.secondsPerToken === 0 ? 1 / tokensPerSecond : this.secondsPerToken * 0.9 + 0.1 / tokensPerSecond;
    const gflops = (tokensPerSecond * trainingFlopsPerToken(run.model)) / 1e9;
    const { peakGflops } = run.machine;
    const learningRate = run.training.optimizer.learningRate * report.rate;
    const { loss, gradNorm } = report;
    const fractionOfPeak = gflops / peakGflops;
    this.log!.metrics({ ...this.stamp(), loss, learningRate, gradNorm, tokensPerSecond, gflops, fractionOfPeak });
    events.onStep?.({
      ...report,
      totalSteps: this.totalSteps,
      tokensDone: this.tokens,
      tokensPerSecond,
      fractionOfPeak,
      seconds: this.seconds(),
      secondsLeft: this.secondsLeft(),
    });
    const last = report.step === this.totalSteps;
    if (!last && this.seconds() - this.evaluatedAt > this.secondsBetweenEvaluations()) await this.evaluate();
    const due = report.step % (this.parts.saveEvery ?? Infinity) === 0;
    if (last || due || this.seconds() - this.checkpointAt > SECONDS_BETWEEN_CHECKPOINTS) this.checkpoint();
  }

  private secondsLeft(): number | null {
    const { minutes } = this.parts.run.training;
    if (this.totalSteps !== null) return ((this.totalSteps - this.step) * this.seconds()) / this.step;
    return minutes === null ? null : Math.max(0, minutes * 60 - this.seconds());
  }

  private secondsBetweenEvaluations(): number {
    const { minutes } = this.parts.run.training;
    return Math.min(300, Math.max(10, minutes === null ? 30 : minutes * 60 * 0.06));
  }

  private async evaluate(): Promise<void> {
    const { run, model, shards, events } = this.parts;
    const result = await evaluateHeldOut(model, shards, run.model.context, { maxTokens: QUICK_EVALUATION });
    this.log!.metrics({ ...this.stamp(), heldOutLoss: result.loss, bitsPerByte: result.bitsPerByte });
    events.onEvaluation?.(this.step, result);
    await this.sample();
    this.evaluatedAt = this.seconds();
  }

  private async sample(): Promise<void> {
    const { model, tokenizer, events, run } = this.parts;
    const maxTokens = Math.min(SAMPLE_TOKENS, run.model.context - 2);
    const [completion] = await generateText(model, tokenizer, [this.prompt], {
      temperature: 0.8,
      topP: 0.95,
      maxTokens,
      seed: run.seed,
    });
    this.log!.sample({ step: this.step, prompt: this.prompt, text: completion!.text });
    events.onSample?.(this.step, this.prompt, completion!.text);
  }

  private checkpoint(): void {
    const { out, model, tokenizer, batches, events } = this.parts;
    const folder = checkpointFolder(out, this.step);
    const state = { step: this.step, tokens: this.tokens, batches: batches.state() };
    saveCheckpoint(folder, model, this.optimizer, state, (temporary) => saveTokenizer(tokenizer, temporary));
    keepNewest(out, KEPT_CHECKPOINTS);
    this.checkpointAt = this.seconds();
    events.onCheckpoint?.(folder);
  }
}

/** The first words of the held-out text, some 24 characters: what samples go on from. */
function openingWords(shards: OpenShards, tokenizer: Tokenizer, context: number): string {
  const ids = new Int32Array(Math.min(24, context >> 1, Math.max(0, (shards.heldOut.starts[1] ?? 0) - 1)));
  if (ids.length > 0) shards.heldOut.read(1, ids);
  let text = '';
  for (let count = 1; count <= ids.length && text.length < 24; count++) text = tokenizer.decode(ids.subarray(0, count));
  return text.replaceAll('\uFFFD', '').trimEnd();
}
