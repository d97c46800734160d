/** Speed of training: whole steps (forward, backward, clipping, AdamW) on random tokens, beside the processor's peak. */
import { kernels, trimMemory } from '../engine/index.js';
import { Random } from '../io/hash-random.js';
import { trainingFlopsPerToken } from '../train/flops.js';
import { Optimizer } from '../train/optimizer.js';
import { lossAndGradients } from '../train/objective.js';
import { benchModel, type BenchShape, median } from './shape.js';

export interface TrainResult {
  tokensPerSecond: number;
  gflops: number;
  peakGflops: number;
  fractionOfPeak: number;
  stepMs: number;
  peakRssMiB: number;
  threads: number;
  parameters: number;
}

/** Runs steps for about `seconds`; the figures are those of the median step, the peak is measured before and after. */
export function benchTrain(shape: BenchShape, batch: number, seconds = 8): TrainResult {
  const model = benchModel(shape);
  const optimizer = new Optimizer(model.parameters, {
    kind: 'adamw',
    learningRate: 1e-3,
    matrixLearningRate: 0,
    beta1: 0.9,
    beta2: 0.95,
    eps: 1e-8,
    weightDecay: 0.1,
    momentum: 0,
    clip: 1,
  });
  const rows = batch * shape.context;
  const random = new Random(1);
  const draw = (): Int32Array => Int32Array.from({ length: rows }, () => random.int(shape.vocab));
  const data = {
    tokens: draw(),
    targets: draw(),
    positions: Int32Array.from({ length: rows }, (_, i) => i % shape.context),
    sequenceStarts: Int32Array.from({ length: batch + 1 }, (_, i) => i * shape.context),
  };
  const before = kernels.fmaPeak(400);
  const times: number[] = [];
  const start = performance.now();
  for (let step = 1; step <= 3 || performance.now() - start < seconds * 1000; step++) {
    const begin = performance.now();
    lossAndGradients(model, data, rows);
    optimizer.step(step, 1, optimizer.gradNorm());
    if (step > 1) times.push(performance.now() - begin);
  }
  const peakGflops = Math.max(before, kernels.fmaPeak(400));
  let parameters = 0;
  for (const value of model.parameters.values()) parameters += value.size;
  optimizer.dispose();
  model.dispose();
  trimMemory();
  const stepMs = median(times);
  const gflops = (trainingFlopsPerToken(model.config) * rows) / stepMs / 1e6;
  return {
    tokensPerSecond: (rows / stepMs) * 1000,
    gflops,
    peakGflops,
    fractionOfPeak: gflops / peakGflops,
    stepMs,
    peakRssMiB: process.resourceUsage().maxRSS / 1024,
    threads: kernels.threads(),
    parameters,
  };
}
