/**
 * AdamW for vectors and tables, Muon for the matrices inside layers; one global gradient norm for both.
 */
import { dispose, keep, kernels, scope, type Tensor, zeros } from '../engine/index.js';
import { orthogonalize } from './muon.js';

export interface OptimizerConfig {
  kind: 'adamw' | 'muon';
  /** Peak learning rate of AdamW. */
  learningRate: number;
  /** Peak learning rate of Muon, for a matrix whose update has spectral norm 1. */
  matrixLearningRate: number;
  beta1: number;
  beta2: number;
  eps: number;
  /** Decay of matrices, AdamW's decoupled form. */
  weightDecay: number;
  momentum: number;
  /** Gradients with a larger global norm are scaled down to it. */
  clip: number;
}

interface Slot {
  name: string;
  value: Tensor;
  muon: boolean;
  /** First moment, or Muon's momentum. */
  m: Tensor;
  /** Second moment; AdamW only. */
  v: Tensor | null;
  /** Parts of a fused matrix that are matrices of their own, as [first row, rows]. */
  blocks: readonly (readonly [number, number])[];
}

export class Optimizer {
  readonly config: OptimizerConfig;
  private readonly slots: readonly Slot[];

  /** @param blocks row ranges of fused matrices by name; others are one block. */
  constructor(
    parameters: ReadonlyMap<string, Tensor>,
    config: OptimizerConfig,
    blocks: ReadonlyMap<string, readonly (readonly [number, number])[]> = new Map(),
  ) {
    this.config = config;
    this.slots = [...parameters].map(([name, value]) => {
      const muon = config.kind === 'muon' && name.startsWith('layers.') && value.shape.length === 2;
      return {
        name,
        value,
        muon,
        m: keep(zeros(value.shape)),
        v: muon ? null : keep(zeros(value.shape)),
        blocks: blocks.get(name) ?? [[0, value.shape[0]!]],
      };
    });
  }

  /** Euclidean norm of all gradients together. */
  gradNorm(): number {
    let squares = 0;
    for (const { value } of this.slots) squares += kernels.sumSquares(value.grad!.raw, value.size);
    return Math.sqrt(squares);
  }

  /**
   * Updates every parameter from its gradient and sets the gradients to zero.
   * @param step from 1
   * @param rate multiplier of the learning rates, from the schedule
   * @param gradNorm of {@link gradNorm}
   */
  step(step: number, rate: number, gradNorm: number): void {
    const { config } = this;
    const scale = gradNorm > config.clip ? config.clip / gradNorm : 1;
    for (const slot of this.slots) {
      if (slot.muon) this.muon(slot, rate, scale);
      else this.adamw(slot, step, rate, scale);
      kernels.fill(slot.value.grad!.raw, slot.value.size, 0);
    }
  }

  private adamw({ value, m, v }: Slot, step: number, rate: number, scale: number): void {
    const { learningRate, beta1, beta2, eps, weightDecay } = this.config;
    const decay = value.shape.length === 2 ? weightDecay : 0;
    kernels.adamw(
      value.raw,
      value.grad!.raw,
      m.raw,
      v!.raw,
      value.size,
      learningRate * rate,
      beta1,
      beta2,
      eps,
      decay,
      scale,
      1 - beta1 ** step,
      1 - beta2 ** step,
    );
  }

  /** Muon (Jordan et al. 2024): Nesterov momentum, then the nearest orthogonal matrix as the update. */
  private muon({ value, m, blocks }: Slot, rate: number, scale: number): void {
    const { matrixLearningRate, momentum, weightDecay } = this.config;
    const gradient = value.grad!;
    kernels.affine(gradient.raw, m.raw, value.size, scale, momentum, 0);
    kernels.affine(m.raw, gradient.raw, value.size, momentum, scale, 0); // look ahead
    const columns = value.columns;
    for (const [first, rows] of blocks)
      scope(() => {
        const update = orthogonalize(gradient, first, rows);
        const at = value.raw.subarray(first * columns, (first + rows) * columns);
        const step = matrixLearningRate * rate * Math.sqrt(Math.max(1, rows / columns));
        kernels.affine(update.raw, at, rows * columns, -step, 1 - matrixLearningRate * rate * weightDecay, 0);
      });
  }

  /** Moments by name, for checkpoints: `<parameter>.m` and `<parameter>.v`. */
  state(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const { name, m, v } of this.slots) {
      state.set(`${name}.m`, m);
      if (v) state.set(`${name}.v`, v);
    }
    return state;
  }

  dispose(): void {
    for (const tensor of this.state().values()) dispose(tensor);
  }
}
