/**
 * The one head: per-token log-probabilities from hidden states, in chunks of tokens, so that a [tokens, vocabulary]
 * matrix never exists for the whole batch. Every objective is a function of what it returns.
 */
import { Epilogue, kernels } from '../kernels.js';
import { freeStorage } from '../memory.js';
import { addGrad, recording, record } from '../tape.js';
import { empty, type Tensor } from '../tensor.js';

/** Floats of logits held at a time. */
const CHUNK_FLOATS = 1 << 21;

export interface TokenLogProbs {
  /** [tokens]; 0 where the target is -1 */
  logProbs: Tensor;
  /** [tokens], in nats; only on request */
  entropy: Tensor | null;
}

/**
 * log softmax(hidden · headᵀ)[target] for each token.
 *
 * `expected` says that backward will bring exactly these gradients of logProbs (for a weighted sum of them, its weights).
 * The gradient is then computed along with the values and the logits only once; a different gradient is still answered
 * correctly, at the cost of computing them again.
 * @param hidden [tokens, width]
 * @param head [vocab, width]
 * @param targets [tokens], in [0, vocab), or -1 to ignore a token
 */
export function tokenLogProbs(
  hidden: Tensor,
  head: Tensor,
  targets: Int32Array,
  options: { entropy?: boolean; expected?: Float32Array } = {},
): TokenLogProbs {
  const tokens = hidden.rows;
  const logProbs = empty([tokens]);
  const entropy = options.entropy ? empty([tokens]) : null;
  const lse = empty([tokens]);
  const eager = options.expected && !entropy && recording() && (hidden.requiresGrad || head.requiresGrad);
  const gradients = eager ? new HeadGradients(hidden, head) : null;
  eachChunk(hidden, head, (logits, offset, rows) => {
    const vocab = head.shape[0]!;
    kernels.logProbs(rows, vocab, logits.raw, targets, lse.raw, logProbs.raw, entropy?.raw ?? null, offset);
    if (!gradients) return;
    kernels.logProbsBackward(rows, vocab, logits.raw, targets, lse.raw, null, options.expected!, null, offset);
    gradients.add(logits, offset, rows);
  });
  // Backward runs in reverse: recorded first, what all of them read is freed last.
  record(lse, [hidden, head], gradients?.tensors ?? [], () => {});
  record(logProbs, [hidden, head], [], (grad) => {
    if (gradients && sameValues(grad.data, options.expected!)) gradients.deliver();
    else backward(grad, null);
  });
  if (entropy) record(entropy, [hidden, head], [], (grad) => backward(null, grad));
  return { logProbs, entropy };

  function backward(upstream: Tensor | null, upstreamEntropy: Tensor | null): void {
    const none = upstream ? null : empty([tokens]);
    if (none) kernels.fill(none.raw, tokens, 0);
    const again = new HeadGradients(hidden, head);
    eachChunk(hidden, head, (logits, offset, rows) => {
      kernels.logProbsBackward(
        rows, head.shape[0]!, logits.raw, targets, lse.raw, upstreamEntropy ? entropy!.raw : null,
        (upstream ?? none)!.raw, upstreamEntropy?.raw ?? null, offset,
      ); // prettier-ignore
      again.add(logits, offset, rows);
    });
    again.deliver();
    for (const tensor of again.tensors) freeStorage(tensor.storage);
  }
}

/** Logits [rows, vocab] of hidden states, for sampling. */
export function logits(hidden: Tensor, head: Tensor): Tensor {
  const out = empty([hidden.rows, head.shape[0]!]);
  product(hidden, head, 0, hidden.rows, out);
  return out;
}

function product(hidden: Tensor, head: Tensor, offset: number, rows: number, out: Tensor): void {
  const [vocab, width] = [head.shape[0]!, hidden.columns];
  kernels.gemm(
    false, true, rows, vocab, width,
    hidden.raw, offset * width, width, head.operand, 0, width, out.raw, 0, vocab, 1, 0, Epilogue.plain,
  ); // prettier-ignore
}

function eachChunk(hidden: Tensor, head: Tensor, visit: (logits: Tensor, offset: number, rows: number) => void): void {
  const vocab = head.shape[0]!;
  const most = Math.min(hidden.rows, Math.max(32, Math.floor(CHUNK_FLOATS / vocab)));
  const chunk = empty([most, vocab]);
  for (let offset = 0; offset < hidden.rows; offset += most) {
    const rows = Math.min(most, hidden.rows - offset);
    product(hidden, head, offset, rows, chunk);
    visit(chunk, offset, rows);
  }
  freeStorage(chunk.storage);
}

/** Gradients of hidden states and head weights, gathered chunk by chunk. */
class HeadGradients {
  private readonly hidden: Tensor;
  private readonly head: Tensor;
  private readonly dHidden: Tensor | null;
  private readonly dHead: Tensor | null;

  constructor(hidden: Tensor, head: Tensor) {
    this.hidden = hidden;
    this.head = head;
    this.dHidden = hidden.requiresGrad ? empty(hidden.shape) : null;
    this.dHead = head.requiresGrad ? empty(head.shape) : null;
  }

  get tensors(): Tensor[] {
    return [this.dHidden, this.dHead].filter((tensor) => tensor !== null);
  }

  /** Adds the gradient of `rows` tokens from `offset`, given that of their logits. */
  add(dLogits: Tensor, offset: number, rows: number): void {
    const [vocab, width] = [this.head.shape[0]!, this.hidden.columns];
    if (this.dHidden)
      kernels.gemm(
        false, false, rows, width, vocab,
        dLogits.raw, 0, vocab, this.head.operand, 0, width, this.dHidden.raw, offset * width, width, 1, 0, Epilogue.plain,
      ); // prettier-ignore
    if (this.dHead)
      kernels.gemm(
        true, false, vocab, width, rows,
        dLogits.raw, 0, vocab, this.hidden.raw, offset * width, width, this.dHead.raw, 0, width,
        1, offset > 0 ? 1 : 0, Epilogue.plain,
      ); // prettier-ignore
  }

  deliver(): void {
    for (const [input, gradient] of [
      [this.hidden, this.dHidden],
      [this.head, this.dHead],
    ] as const)
      // prettier-ignore
      if (gradient)
        addGrad(input, (target, accumulate) =>
          kernels.affine(gradient.raw, target.raw, target.size, 1, accumulate ? 1 : 0, 0),
        );
  }
}

function sameValues(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
