/** A head on features of a frozen model: logistic regression, through the training loop. */
import {
  dispose,
  keep,
  kernels,
  scope,
  Tape,
  type Tensor,
  tensor,
  tokenLogProbs,
  weightedSum,
} from '../engine/index.js';
import { Optimizer, type OptimizerConfig, train } from '../train/index.js';
import { BestParameters } from './best.js';
import type { ScoreHead } from './head.js';

/** Pooled states of texts with their labels. */
export interface Features {
  /** [texts][width] */
  vectors: readonly Float32Array[];
  labels: Int32Array;
  /** [texts] how much each counts; 1 on average */
  weights: Float32Array;
}

export interface FitHeadOptions {
  /** Penalties on squared weights of standardised features to choose from. */
  l2: readonly number[];
  /** Most steps for each. Default 300. */
  steps?: number;
  signal?: AbortSignal | undefined;
}

export interface FitHeadResult {
  /** The penalty that was chosen. */
  l2: number;
  /** Nats a text. */
  validationLoss: number;
}

const ADAM: OptimizerConfig = {
  kind: 'adamw',
  learningRate: 0.03,
  matrixLearningRate: 0,
  beta1: 0.9,
  beta2: 0.99,
  eps: 1e-8,
  weightDecay: 0, // the penalty is part of the loss
  momentum: 0,
  clip: Infinity,
};
const LOOK_EVERY = 10;
const PATIENCE = 5;

/**
 * Fits the head's weights, from zero, to the cross-entropy plus l2 / 2 · |w|², where w are the weights of features brought
 * to variance 1. Each penalty is tried, strongest first, each with early stopping; the one with the lowest validation loss
 * stays.
 */
export async function fitHead(
  head: ScoreHead,
  training: Features,
  validation: Features,
  { l2, steps = 300, signal }: FitHeadOptions,
): Promise<FitHeadResult> {
  const scales = deviations(training.vectors);
  const scaled = (features: Features): Tensor => {
    const values = new Float32Array(features.vectors.length * scales.length);
    for (const [i, vector] of features.vectors.entries())
      for (let j = 0; j < scales.length; j++) values[i * scales.length + j] = vector[j]! / scales[j]!;
    return keep(tensor(values, [features.vectors.length, scales.length]));
  };
  const [x, held] = [scaled(training), scaled(validation)];
  const { weight } = head;
  let chosen: FitHeadResult & { values: Float32Array } = {
    l2: 0,
    validationLoss: Infinity,
    values: new Float32Array(0),
  };
  try {
    for (const penalty of [...l2].sort((a, b) => b - a)) {
      weight.data.fill(0);
      const best = await descend(penalty);
      if (best < chosen.validationLoss) chosen = { l2: penalty, validationLoss: best, values: weight.data.slice() };
    }
  } finally {
    for (const each of [x, held]) dispose(each);
  }
  // w · (x / s) = (w / s) · x
  weight.data.set(chosen.values.map((w, i) => w / scales[i % scales.length]!));
  return { l2: chosen.l2, validationLoss: chosen.validationLoss };

  async function descend(penalty: number): Promise<number> {
    const optimizer = new Optimizer(new Map([['score', weight]]), ADAM);
    const best = new BestParameters([weight], PATIENCE);
    const stop = new AbortController();
    const abort = () => stop.abort();
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    best.see(0, loss(held, validation, weight));
    try {
      await train({
        optimizer,
        batches: { next: () => ({ scored: training.labels.length }) },
        gradients: ({ scored }) => gradients(x, training, weight, scored, penalty),
        accumulate: 1,
        rate: (step) => (step > steps ? null : 1 - (step - 1) / steps),
        onStep: ({ step }) => {
          if (step % LOOK_EVERY !== 0) return;
          best.see(step, loss(held, validation, weight));
          if (best.done) stop.abort();
        },
        signal: stop.signal,
      });
    } finally {
      optimizer.dispose();
      signal?.removeEventListener('abort', abort);
    }
    best.restore();
    return best.loss;
  }
}

function gradients(x: Tensor, { labels, weights }: Features, head: Tensor, texts: number, penalty: number): number {
  const shares = weights.map((weight) => -weight / texts);
  return scope(() => {
    const tape = new Tape();
    const total = tape.run(() => weightedSum(tokenLogProbs(x, head, labels, { expected: shares }).logProbs, shares));
    const value = total.item();
    tape.backward(total);
    kernels.affine(head.raw, head.grad!.raw, head.size, penalty, 1, 0);
    return value + (penalty / 2) * kernels.sumSquares(head.raw, head.size);
  });
}

function loss(x: Tensor, { labels, weights }: Features, head: Tensor): number {
  return scope(() => {
    const { logProbs } = tokenLogProbs(x, head, labels);
    return -logProbs.data.reduce((sum, logProb, i) => sum + weights[i]! * logProb, 0) / labels.length;
  });
}

/** Standard deviation of each feature; 1 for one that does not vary. */
function deviations(vectors: readonly Float32Array[]): Float64Array {
  const width = vectors[0]!.length;
  const [sums, squares] = [new Float64Array(width), new Float64Array(width)];
  for (const vector of vectors)
    for (let j = 0; j < width; j++) {
      sums[j]! += vector[j]! / vectors.length;
      squares[j]! += vector[j]! ** 2 / vectors.length;
    }
  return sums.map((mean, j) => {
    const variance = squares[j]! - mean * mean;
    return variance > 1e-10 * (1 + squares[j]!) ? Math.sqrt(variance) : 1;
  });
}
