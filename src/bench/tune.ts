/** What tuning costs by each method: whole steps in turns, so that all see the same machine, and the memory each holds. */
import { keep, kernels, memoryUse, resetPeak, Tensor, toBfloat16, trimMemory } from '../engine/index.js';
import { Random } from '../io/hash-random.js';
import { loraTargets, newAdapter, Transformer } from '../model/index.js';
import { trainingFlopsPerToken } from '../train/flops.js';
import { lossAndGradients, type TrainingBatch } from '../train/objective.js';
import { Optimizer, type OptimizerConfig } from '../train/optimizer.js';
import { benchModel, type BenchShape, median } from './shape.js';

/** GPT-2 of 125M parameters; one sequence of 1024 tokens is a step. */
export const tuneShape: BenchShape = {
  family: 'gpt2', layers: 12, width: 768, heads: 12, context: 1024, vocab: 50_257,
}; // prettier-ignore

export interface TuneMethod {
  name: string;
  /** Numbers that are trained. */
  trained: number;
  /** Median step: forward, backward, clipping, AdamW. */
  stepMs: number;
  /** Of the full step's time: median over rounds in which both were measured. */
  timeRatio: number;
  /** Native memory at the peak of a step: weights, gradients, moments, activations. */
  memoryMiB: number;
  memoryRatio: number;
}

export interface TuneResult {
  parameters: number;
  rank: number;
  rounds: number;
  threads: number;
  peakGflops: number;
  /** Of the full step. */
  fractionOfPeak: number;
  methods: TuneMethod[];
}

const adamw: OptimizerConfig = {
  kind: 'adamw', learningRate: 1e-4, matrixLearningRate: 0, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1, momentum: 0, clip: 1,
}; // prettier-ignore

/** A method at work on a model of its own; `memory` counts what it alone holds between steps. */
interface Contender {
  name: string;
  trained: number;
  memory: number;
  step: (step: number) => void;
  dispose: () => void;
}

/**
 * Measures a full step against steps of LoRA on every matrix of the layers: over frozen float32, over frozen bfloat16, and with
 * gradient checkpointing. Runs at least 10 rounds of all, for about `seconds`: fewer tell too little of a machine whose speed drifts.
 */
export function benchTune(shape: BenchShape, batch: number, rank: number, seconds = 30): TuneResult {
  const rows = batch * shape.context;
  const random = new Random(1);
  const draw = (): Int32Array => Int32Array.from({ length: rows }, () => random.int(shape.vocab));
  const data = {
    tokens: draw(),
    targets: draw(),
    positions: Int32Array.from({ length: rows }, (_, i) => i % shape.context),
    sequenceStarts: Int32Array.from({ length: batch + 1 }, (_, i) => i * shape.context),
  };
  const model = benchModel(shape);
  const frozen = frozenView(model);
  const half = halfCopy(model);
  const contenders = [
    full(model, data),
    lora('LoRA', frozen, data, rank),
    lora('LoRA over bfloat16', half, data, rank),
    lora('LoRA, checkpointing', frozen, data, rank, true),
  ];
  const before = kernels.fmaPeak(400);
  const times = contenders.map((): number[] => []);
  const peaks = contenders.map(() => 0);
  const start = performance.now();
  let round = 0;
  for (; round <= 10 || performance.now() - start < seconds * 1000; round++)
    for (const [i, { memory, step }] of contenders.entries()) {
      resetPeak();
      const { bytes } = memoryUse();
      const begin = performance.now();
      step(round + 1);
      if (round > 0) times[i]!.push(performance.now() - begin); // the first round allocates
      peaks[i] = Math.max(peaks[i]!, memory + memoryUse().peakBytes - bytes);
    }
  const peakGflops = Math.max(before, kernels.fmaPeak(400));
  for (const each of contenders) each.dispose();
  for (const each of [half, model]) each.dispose();
  trimMemory();
  const methods = contenders.map(({ name, trained }, i) => ({
    name,
    trained,
    stepMs: median(times[i]!),
    timeRatio: median(times[i]!.map((ms, round) => ms / times[0]![round]!)),
    memoryMiB: peaks[i]! / 2 ** 20,
    memoryRatio: peaks[i]! / peaks[0]!,
  }));
  const gflops = (trainingFlopsPerToken(model.config) * rows) / methods[0]!.stepMs / 1e6;
  return {
    parameters: contenders[0]!.trained,
    rank,
    rounds: times[0]!.length,
    threads: kernels.threads(),
    peakGflops,
    fractionOfPeak: gflops / peakGflops,
    methods,
  };
}

function full(model: Transformer, data: TrainingBatch): Contender {
  const optimizer = new Optimizer(model.parameters, adamw);
  return {
    name: 'full',
    trained: count(model.parameters.values()),
    memory: held([...model.parameters.values(), ...optimizer.state().values()]),
    step(step) {
      lossAndGradients(model, data, data.targets.length);
      optimizer.step(step, 1, optimizer.gradNorm());
    },
    dispose: () => optimizer.dispose(),
  };
}

function lora(name: string, model: Transformer, data: TrainingBatch, rank: number, checkpoint = false): Contender {
  const targets = loraTargets(model.config);
  const adapter = newAdapter(
    model,
    { kind: 'lora', rank, alpha: 2 * rank, rslora: false, dora: false, targets, modulesToSave: [] },
    { name, seed: 1 },
  );
  const optimizer = new Optimizer(adapter.parameters, adamw);
  return {
    name,
    trained: count(adapter.parameters.values()),
    memory: held([...model.parameters.values(), ...adapter.parameters.values(), ...optimizer.state().values()]),
    step(step) {
      model.attach(adapter);
      lossAndGradients(model, data, data.targets.length, { checkpoint });
      model.detach(name);
      optimizer.step(step, 1, optimizer.gradNorm());
    },
    dispose() {
      optimizer.dispose();
      adapter.dispose();
    },
  };
}

/** The same weights in the same memory, not trained. */
function frozenView(model: Transformer): Transformer {
  const parameters = [...model.parameters].map(
    ([name, { shape, storage }]) => [name, new Tensor(shape, storage)] as const,
  );
  return new Transformer(model.config, new Map(parameters));
}

function halfCopy(model: Transformer): Transformer {
  const parameters = [...model.parameters].map(([name, value]) => {
    const copy = value.shape.length === 2 ? keep(toBfloat16(value)) : new Tensor(value.shape, value.storage);
    return [name, copy] as const;
  });
  return new Transformer(model.config, new Map(parameters));
}

/** Bytes of tensors and their gradients. */
function held(tensors: readonly Tensor[]): number {
  const bytes = (tensor: Tensor): number => tensor.storage.capacity * 4;
  return tensors.reduce((sum, each) => sum + bytes(each) + (each.grad ? bytes(each.grad) : 0), 0);
}

function count(tensors: Iterable<Tensor>): number {
  let total = 0;
  for (const { size } of tensors) total += size;
  return total;
}
