/**
 * The kernel set the engine runs on: one interface, of which the native addon is the first implementation.
 *
 * Arrays are row-major float32, weights also bfloat16. `offset` and `stride` count floats; a stride is the distance between rows. Every call is
 * synchronous and throws (RangeError, TypeError) when an array is shorter than its shape needs; none reads or writes
 * outside. Results do not depend on the number of threads.
 */
import { addon } from '../io/addon.js';

type Floats = Float32Array;
type Ints = Int32Array;
/** A matrix of weights, as bfloat16 in a Uint16Array where its elements have two bytes. */
type Weights = Float32Array | Uint16Array;

/** What happens to an element of a matrix product on its way out; see {@link Kernels.gemm}. */
export const Epilogue = { plain: 0, residual: 1, gelu: 2, geluGrad: 3, siluGate: 4, siluGateGrad: 5 } as const;
export type EpilogueCode = (typeof Epilogue)[keyof typeof Epilogue];

/** Elementwise functions of one argument. */
export const Unary = {
  exp: 0,
  log: 1,
  sigmoid: 2,
  logSigmoid: 3,
  tanh: 4,
  relu: 5,
  gelu: 6,
  silu: 7,
  square: 8,
  reciprocal: 9,
  sqrt: 10,
  abs: 11,
} as const;
export type UnaryName = keyof typeof Unary;

/** Elementwise functions of two arguments. */
export const Binary = { add: 0, sub: 1, mul: 2, div: 3, min: 4, max: 5 } as const;
export type BinaryName = keyof typeof Binary;

export interface Kernels {
  /** An ArrayBuffer of zeros outside the JavaScript heap. @throws Error with code ENOMEM. */
  allocate(bytes: number): ArrayBuffer;
  /** Gives the memory of an {@link allocate}d buffer back at once; its views become empty. */
  release(buffer: ArrayBuffer): void;

  /**
   * C[m,n] = epilogue(alpha · op(A)[m,k] · op(B)[k,n] + beta · C + bias[n]), where op transposes on request.
   * aux1, aux2 and out2 are laid out like C and must not overlap it. Epilogues, for the product x:
   * residual x + aux1; gelu(x), out2 = x; geluGrad x · gelu'(aux1); siluGate silu(aux1) · x, out2 = x;
   * siluGateGrad x · aux2 · silu'(aux1), out2 = x · silu(aux1).
   * A product with B in bfloat16 is that with the decoded matrix, to the bit.
   * lowA[m,low] · lowB[low,n], where given, is added to op(A) · op(B); both lie without gaps.
   * `symmetric` says that the product is (a matrix times its own transpose): half of it is computed.
   */
  gemm(
    transposeA: boolean,
    transposeB: boolean,
    m: number,
    n: number,
    k: number,
    a: Floats,
    aOffset: number,
    lda: number,
    b: Weights,
    bOffset: number,
    ldb: number,
    c: Floats,
    cOffset: number,
    ldc: number,
    alpha: number,
    beta: number,
    epilogue: EpilogueCode,
    bias?: Floats | null,
    aux1?: Floats | null,
    aux2?: Floats | null,
    out2?: Floats | null,
    symmetric?: boolean,
    lowA?: Floats | null,
    lowB?: Floats | null,
    low?: number,
  ): void;

  /**
   * Causal attention over packed sequences; see native/kernels.h. Query i of a sequence sits at position
   * keyLength - queryLength + i. out is [queryRows, heads · headDim]; logSumExp, needed by backward, [heads, queryRows].
   */
  attentionForward(
    heads: number,
    kvHeads: number,
    headDim: number,
    window: number,
    scale: number,
    queryStart: Ints,
    queryLength: Ints,
    keyStart: Ints,
    keyLength: Ints,
    q: Floats,
    qOffset: number,
    qStride: number,
    k: Floats,
    kOffset: number,
    kStride: number,
    v: Floats,
    vOffset: number,
    vStride: number,
    queryRows: number,
    out: Floats,
    logSumExp: Floats | null,
  ): void;
  /** Overwrites dq, dk and dv of every row that belongs to a sequence. */
  attentionBackward(
    heads: number,
    kvHeads: number,
    headDim: number,
    window: number,
    scale: number,
    queryStart: Ints,
    queryLength: Ints,
    keyStart: Ints,
    keyLength: Ints,
    q: Floats,
    qOffset: number,
    qStride: number,
    k: Floats,
    kOffset: number,
    kStride: number,
    v: Floats,
    vOffset: number,
    vStride: number,
    queryRows: number,
    out: Floats,
    logSumExp: Floats,
    dOut: Floats,
    dq: Floats,
    dqOffset: number,
    dqStride: number,
    dk: Floats,
    dkOffset: number,
    dkStride: number,
    dv: Floats,
    dvOffset: number,
    dvStride: number,
  ): void;

  /** y = x / rms(x) · weight over `groups` runs of `width` in each row; stats [rows · groups] holds 1/rms. */
  rmsNormForward(
    rows: number,
    width: number,
    groups: number,
    x: Floats,
    xOffset: number,
    xStride: number,
    weight: Floats,
    y: Floats,
    yOffset: number,
    yStride: number,
    stats: Floats | null,
    eps: number,
  ): void;
  /** dx (+)= gradient, dWeight += gradient. */
  rmsNormBackward(
    rows: number,
    width: number,
    groups: number,
    x: Floats,
    xOffset: number,
    xStride: number,
    weight: Floats,
    stats: Floats,
    dy: Floats,
    dyOffset: number,
    dyStride: number,
    dx: Floats,
    dxOffset: number,
    dxStride: number,
    dWeight: Floats | null,
    accumulate: boolean,
  ): void;
  /** y = (x - mean) / std · weight + bias over rows; stats [rows, 2] holds mean and 1/std. */
  layerNormForward(
    rows: number,
    width: number,
    x: Floats,
    weight: Floats,
    bias: Floats | null,
    y: Floats,
    stats: Floats | null,
    eps: number,
  ): void;
  /** dx (+)= gradient, dWeight += and dBias += gradients. */
  layerNormBackward(
    rows: number,
    width: number,
    x: Floats,
    weight: Floats,
    stats: Floats,
    dy: Floats,
    dx: Floats,
    dWeight: Floats | null,
    dBias: Floats | null,
    accumulate: boolean,
  ): void;
  /** Rotary embedding of `heads` heads a row, in place; cosine and sine are [positions, headDim / 2]. */
  rope(
    rows: number,
    heads: number,
    headDim: number,
    x: Floats,
    xOffset: number,
    xStride: number,
    positions: Ints,
    cosine: Floats,
    sine: Floats,
    interleaved: boolean,
    inverse: boolean,
  ): void;
  /** out[r] (+)= table[ids[r]] for rows of `width`. */
  embeddingForward(vocab: number, width: number, table: Weights, ids: Ints, out: Floats, accumulate: boolean): void;
  /** dTable[ids[r]] += dOut[r], in order of r. */
  embeddingBackward(vocab: number, width: number, dOut: Floats, ids: Ints, dTable: Floats): void;
  /** target[targetRows[r]] = source[r] for rows of `width`. */
  copyRows(
    width: number,
    source: Floats,
    sourceOffset: number,
    sourceStride: number,
    target: Floats,
    targetStride: number,
    targetRows: Ints,
  ): void;
  /** Per row of logits: log-sum-exp, log-probability of its target (0 for target -1) and entropy, written from `offset`. */
  logProbs(
    rows: number,
    vocab: number,
    logits: Floats,
    targets: Ints,
    logSumExp: Floats,
    logProb: Floats,
    entropy: Floats | null,
    offset: number,
  ): void;
  /** In place: logits become the gradient of Σ upstream · logProb + upstreamEntropy · entropy. */
  logProbsBackward(
    rows: number,
    vocab: number,
    logits: Floats,
    targets: Ints,
    logSumExp: Floats,
    entropy: Floats | null,
    upstream: Floats,
    upstreamEntropy: Floats | null,
    offset: number,
  ): void;
  /** Index of the first largest of n values. */
  largest(x: Floats, n: number): number;
  /** sums[b] = Σ e^((x[i] - shift) * scale) over the b-th `block` of n values. */
  expSums(x: Floats, n: number, shift: number, scale: number, block: number, sums: Floats): void;
  /** One AdamW step on n weights; correction1 = 1 - beta1^t and correction2 = 1 - beta2^t. */
  adamw(
    weight: Floats,
    grad: Floats,
    m: Floats,
    v: Floats,
    n: number,
    learningRate: number,
    beta1: number,
    beta2: number,
    eps: number,
    weightDecay: number,
    gradScale: number,
    correction1: number,
    correction2: number,
  ): void;
  sumSquares(x: Floats, n: number): number;
  total(x: Floats, n: number): number;
  /** out[j] (+)= Σ over rows of x[row][j]. */
  columnSums(rows: number, width: number, x: Floats, xStride: number, out: Floats, accumulate: boolean): void;
  /** out[s] = Σ x[starts[s] .. starts[s+1]). */
  segmentSums(x: Floats, starts: Ints, out: Floats): void;
  unary(op: number, x: Floats, y: Floats, n: number): void;
  /** dx (+)= dy · f'(x) */
  unaryBackward(op: number, x: Floats, dy: Floats, dx: Floats, n: number, accumulate: boolean): void;
  binary(op: number, a: Floats, b: Floats, c: Floats, n: number): void;
  /** y = alpha · x + beta · y + gamma */
  affine(x: Floats, y: Floats, n: number, alpha: number, beta: number, gamma: number): void;
  fill(x: Floats, n: number, value: number): void;

  /** Best GFLOP/s of float32 fused multiply-adds seen on all threads within `milliseconds`. */
  fmaPeak(milliseconds: number): number;
  /** Best GB/s of reading x on all threads seen within `milliseconds`. */
  readBandwidth(x: Floats, milliseconds: number): number;
  threads(): number;
  /** Sets and returns the number of threads, the calling one included. */
  setThreads(count: number): number;
  hardwareThreads(): number;
  instructionSet(): string;
  /** Switches to another compiled instruction set; false when it is not available. */
  selectInstructionSet(name: string): boolean;
}

/** The kernels of this process. */
export const kernels = addon as Kernels;
