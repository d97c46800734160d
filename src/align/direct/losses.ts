/**
 * The losses of the direct methods, of whole answers' log-probabilities. Each is a vector with one term a pair (or an answer),
 * and differentiable.
 */
import {
  add,
  affine,
  clamp,
  exp,
  log,
  logSigmoid,
  mul,
  relu,
  segmentSums,
  sigmoid,
  square,
  sub,
  type Tensor,
  tensor,
} from '../../engine/index.js';
import type { DpoSettings, KtoSettings, OrpoSettings, SimpoSettings } from './settings.js';

/** What the losses know of answers: chosen and rejected of each pair in turn, or single ones. */
export interface Answers {
  /** [answers] log-probabilities under the policy */
  policy: Tensor;
  /** [answers] the same under the reference; empty for methods without one */
  reference: Float32Array;
  /** [answers] tokens */
  counts: Float32Array;
}

export interface PairTerms {
  /** [pairs] */
  losses: Tensor;
  /** [pairs] reward of the chosen answer less that of the rejected, as the method defines rewards */
  margins: Tensor;
}

/**
 * Direct preference optimisation (Rafailov et al. 2023, equation 7): with h = β · the difference of log-ratios to the
 * reference, -log σ(h). Label smoothing ε weighs in the pair turned round (Mitchell 2023, cDPO); `robust` takes its bias out
 * again (Chowdhury et al. 2024, equation 12). `hinge` is max(0, 1 - h) (Zhao et al. 2023, SLiC). `ipo` is
 * (h/β - 1/2β)² of log-ratios a token (Azar et al. 2023, equation 17; a token, as its authors advise).
 */
export function dpoTerms({ policy, reference, counts }: Answers, settings: DpoSettings): PairTerms {
  const { beta, loss, labelSmoothing: e } = settings;
  const ratios = sub(policy, tensor(reference, policy.shape));
  const margins = affine(differences(loss === 'ipo' ? perToken(ratios, counts) : ratios), beta); // [pairs]
  const right = (): Tensor => affine(logSigmoid(margins), -1);
  const wrong = (): Tensor => affine(logSigmoid(affine(margins, -1)), -1);
  switch (loss) {
    case 'hinge':
      return { losses: relu(affine(margins, -1, 1)), margins };
    case 'ipo':
      return { losses: square(affine(margins, 1 / beta, -1 / (2 * beta))), margins };
    case 'robust': {
      const scale = 1 / (1 - 2 * e);
      return { losses: add(affine(right(), (1 - e) * scale), affine(wrong(), -e * scale)), margins };
    }
    default:
      return { losses: e === 0 ? right() : add(affine(right(), 1 - e), affine(wrong(), e)), margins };
  }
}

/**
 * Odds ratio preference optimisation (Hong et al. 2024, equations 6 and 7): the mean negative log-likelihood of a chosen token,
 * and β · -log σ of the difference of log odds, odds(y) = p/(1 - p) with p the geometric mean of token probabilities.
 */
export function orpoTerms({ policy, counts }: Answers, { beta }: OrpoSettings): PairTerms {
  const means = clamp(perToken(policy, counts), -Infinity, -1e-6); // certainty would have infinite odds
  const odds = sub(means, log(affine(exp(means), -1, 1)));
  const margins = differences(odds);
  const likelihood = affine(chosenOf(means), -1);
  return { losses: add(likelihood, affine(logSigmoid(margins), -beta)), margins };
}

/** Simple preference optimisation (Meng et al. 2024, equation 6): -log σ(β · difference of mean token log-probabilities - γ). */
export function simpoTerms({ policy, counts }: Answers, { beta, gamma }: SimpoSettings): PairTerms {
  const margins = affine(differences(perToken(policy, counts)), beta);
  return { losses: affine(logSigmoid(affine(margins, 1, -gamma)), -1), margins };
}

/**
 * Kahneman-Tversky optimisation (Ethayarajh et al. 2024, equation 8): weight · (1 - σ(±β(r - z))) with the log-ratio r of an
 * answer, + for good ones, and the reference point z, of which no gradient is taken.
 * @param good whether each answer is
 * @returns losses, and rewards β · r, both [answers]
 */
export function ktoTerms(
  { policy, reference }: Answers,
  good: readonly boolean[],
  z: number,
  { beta, desirableWeight, undesirableWeight }: KtoSettings,
): { losses: Tensor; rewards: Tensor } {
  const rewards = affine(sub(policy, tensor(reference, policy.shape)), beta);
  const signs = tensor(
    Float32Array.from(good, (yes) => (yes ? 1 : -1)),
    rewards.shape,
  );
  const values = sigmoid(mul(affine(rewards, 1, -beta * z), signs));
  const weights = tensor(
    Float32Array.from(good, (yes) => (yes ? desirableWeight : undesirableWeight)),
    rewards.shape,
  );
  return { losses: mul(affine(values, -1, 1), weights), rewards };
}

/** x[2i] - x[2i + 1], [pairs]. */
function differences(x: Tensor): Tensor {
  return pairSums(x, [1, -1]);
}

/** x[2i], [pairs]. */
function chosenOf(x: Tensor): Tensor {
  return pairSums(x, [1, 0]);
}

function pairSums(x: Tensor, [first, second]: [number, number]): Tensor {
  const factors = tensor(
    Float32Array.from({ length: x.size }, (_, i) => (i % 2 === 0 ? first : second)),
    x.shape,
  );
  const starts = Int32Array.from({ length: x.size / 2 + 1 }, (_, pair) => 2 * pair);
  return segmentSums(mul(x, factors), starts);
}

function perToken(x: Tensor, counts: Float32Array): Tensor {
  return mul(
    x,
    tensor(
      counts.map((count) => 1 / count),
      x.shape,
    ),
  );
}
