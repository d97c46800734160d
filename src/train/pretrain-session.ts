/** The session of a pretraining run: its batches, its evaluations by the clock, and what it writes down at the end. */
import { type OpenShards, type PackedBatch, TrainingBatches } from '../corpus/index.js';
import { generateText } from '../generate/index.js';
import type { Transformer } from '../model/index.js';
import { saveTokenizer, type Tokenizer } from '../tokenizer/index.js';
import { Checkpoints } from './checkpoint.js';
import { RunClock } from './clock.js';
import { evaluateHeldOut } from './evaluate.js';
import { trainingFlopsPerToken } from './flops.js';
import { RunLength } from './length.js';
import type { StepReport } from './loop.js';
import { lossAndGradients } from './objective.js';
import { Optimizer } from './optimizer.js';
import { projectionBlocks } from './plan.js';
import type { RunDescription } from './pretrain-run.js';
import { writeRun } from './run-directory.js';
import { type Numbers, type SessionEvents, TrainingSession } from './session.js';
import { trainedModel } from './trained.js';

export interface PretrainSessionOptions {
  run: RunDescription;
  out: string;
  model: Transformer;
  tokenizer: Tokenizer;
  shards: OpenShards;
  events: SessionEvents;
  /** Seconds that preparation took, which count against the minutes of a run. */
  secondsBefore: number;
  saveEvery?: number;
  signal?: AbortSignal;
}

/** Held-out tokens of an evaluation on the way, and of the last one at most. */
const QUICK_EVALUATION = 16_384;
const FULL_EVALUATION = 250_000;
const SAMPLE_TOKENS = 60;

export interface PretrainSession {
  session: TrainingSession<PackedBatch>;
  /** The last evaluation and sample; writes the result into `run.json`. */
  finish(): Promise<void>;
}

export function pretrainSession(options: PretrainSessionOptions): PretrainSession {
  const { run, out, model, tokenizer, shards, events, saveEvery, signal } = options;
  const { context } = run.model;
  const { schedule, minutes, steps, accumulate, rowsPerBatch } = run.training;
  const optimizer = new Optimizer(model.parameters, run.training.optimizer, projectionBlocks(run.model));
  const batches = new TrainingBatches({ shards, context, rowsPerBatch, seed: run.seed });
  const clock = new RunClock(options.secondsBefore);
  const prompt = openingWords(shards, tokenizer, context);
  const betweenEvaluations = Math.min(300, Math.max(10, minutes === null ? 30 : minutes * 60 * 0.06));
  const session = new TrainingSession<PackedBatch>({
    out,
    optimizer,
    batches,
    gradients: (batch, scored) => lossAndGradients(model, batch, scored),
    accumulate,
    clock,
    length: new RunLength({
      schedule,
      steps,
      minutes,
      clock,
      closingTokens: Math.min(run.data.heldOutTokens, FULL_EVALUATION),
      onDecide(total) {
        run.training.steps = total;
        run.training.tokens = total * run.training.batchTokens;
        writeRun(out, run);
      },
    }),
    checkpoints: new Checkpoints(
      out,
      trainedModel(model, (folder) => saveTokenizer(tokenizer, folder)),
      optimizer,
    ),
    evaluation: {
      due: ({ last, secondsSince }) => !last && secondsSince > betweenEvaluations,
      async measure() {
        const result = await evaluateHeldOut(model, shards, context, { maxTokens: QUICK_EVALUATION });
        return { heldOutLoss: result.loss, bitsPerByte: result.bitsPerByte };
      },
      async sample() {
        const maxTokens = Math.min(SAMPLE_TOKENS, context - 2);
        const options = { temperature: 0.8, topP: 0.95, maxTokens, seed: run.seed };
        const [completion] = await generateText(model, tokenizer, [prompt], options);
        return [{ prompt, text: completion!.text }];
      },
    },
    numbers: (report) => arithmetic(run, report),
    events,
    ...(saveEvery !== undefined && { saveEvery }),
    ...(signal && { signal }),
  });

  return {
    session,
    async finish() {
      const total = Math.min(FULL_EVALUATION, shards.heldOut.tokens);
      const result = await evaluateHeldOut(model, shards, context, {
        maxTokens: FULL_EVALUATION,
        stride: Math.max(1, context >> 1),
        onProgress: (tokens) => events.onPhase?.('evaluating', tokens, total, 'tokens'),
      });
      session.record({ heldOutLoss: result.loss, bitsPerByte: result.bitsPerByte });
      await session.sample();
      const seconds = clock.seconds();
      run.result = {
        bitsPerByte: result.bitsPerByte,
        heldOutLoss: result.loss,
        steps: session.step,
        tokens: session.tokens,
        epochs: batches.epochs,
        seconds,
        tokensPerSecond: session.tokens / seconds,
      };
      writeRun(out, run);
    },
  };
}

/** How near a step came to what the processor can do. */
function arithmetic(run: RunDescription, { tokens, seconds }: StepReport): Numbers {
  const gflops = ((tokens / seconds) * trainingFlopsPerToken(run.model)) / 1e9;
  return { gflops, fractionOfPeak: gflops / run.machine.peakGflops };
}

/** The first words of the held-out text, some 24 characters: what samples go on from. */
function openingWords(shards: OpenShards, tokenizer: Tokenizer, context: number): string {
  const ids = new Int32Array(Math.min(24, context >> 1, Math.max(0, (shards.heldOut.starts[1] ?? 0) - 1)));
  if (ids.length > 0) shards.heldOut.read(1, ids);
  let text = '';
  for (let count = 1; count <= ids.length && text.length < 24; count++) text = tokenizer.decode(ids.subarray(0, count));
  return text.replaceAll('\uFFFD', '').trimEnd();
}
