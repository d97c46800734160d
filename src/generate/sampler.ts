/** Chooses the next token from logits. */
import { InputError } from '../io/errors.js';
import { Random } from '../io/hash-random.js';

export interface SamplingOptions {
  /** 0 is greedy; 1 samples the model's own distribution. Default 0.8. */
  temperature?: number;
  /** Only the k most likely tokens; 0 for all. Default 0. */
  topK?: number;
  /** Only the most likely tokens that together reach this probability (Holtzman et al. 2020). Default 1. */
  topP?: number;
  /** Only tokens at least this likely relative to the most likely one. Default 0. */
  minP?: number;
  /** Divides positive and multiplies negative logits of tokens seen already (Keskar et al. 2019). Default 1. */
  repetitionPenalty?: number;
  /** Default 0. */
  seed?: number;
}

export interface SampledToken {
  id: number;
  /** Log-probability under the model itself, before temperature and the other options. */
  logprob: number;
}

/** One sequence's sampler: its choices depend on the options, the stream and the logits alone. */
export class Sampler {
  private readonly options: Required<SamplingOptions>;
  private readonly random: Random;

  /** @throws InputError for values outside their range. */
  constructor(options: SamplingOptions, stream: number) {
    const { temperature = 0.8, topK = 0, topP = 1, minP = 0, repetitionPenalty = 1, seed = 0 } = options;
    const check = (ok: boolean, what: string): void => {
      if (!ok) throw new InputError(what);
    };
    check(temperature >= 0 && temperature <= 100, `temperature must be in [0, 100], not ${temperature}`);
    check(Number.isInteger(topK) && topK >= 0, `top-k must be a whole number from 0, not ${topK}`);
    check(topP > 0 && topP <= 1, `top-p must be in (0, 1], not ${topP}`);
    check(minP >= 0 && minP <= 1, `min-p must be in [0, 1], not ${minP}`);
    check(
      repetitionPenalty > 0 && repetitionPenalty <= 100,
      `repetition penalty must be in (0, 100], not ${repetitionPenalty}`,
    );
    check(Number.isSafeInteger(seed) && seed >= 0, `seed must be a whole number from 0, not ${seed}`);
    this.options = { temperature, topK, topP, minP, repetitionPenalty, seed };
    this.random = new Random(seed, stream);
  }

  /**
   * @param logits [vocab]; not changed
   * @param seen tokens that the repetition penalty applies to
   * @param allowed bit i of word i >> 5: token i may be chosen; without it all may
   */
  next(logits: Float32Array, seen: Iterable<number>, allowed?: Uint32Array): SampledToken {
    const { repetitionPenalty, temperature } = this.options;
    let scores = logits;
    if (repetitionPenalty !== 1) {
      scores = logits.slice();
      for (const id of new Set(seen)) {
        const value = logits[id]!;
        scores[id] = value > 0 ? value / repetitionPenalty : value * repetitionPenalty;
      }
    }
    const choose = (from: Float32Array): number => (temperature === 0 ? indexOfLargest(from) : this.draw(from));
    const id = allowed ? chooseAmong(idsOf(allowed, scores.length), scores, choose) : choose(scores);
    return { id, logprob: logits[id]! - logSumExp(logits) };
  }

  private draw(scores: Float32Array): number {
    const { temperature, topK, topP, minP } = this.options;
    const best = scores[indexOfLargest(scores)]!;
    const weights = new Float64Array(scores.length); // largest is 1
    for (let id = 0; id < weights.length; id++) weights[id] = Math.exp((scores[id]! - best) / temperature);
    let candidates: ArrayLike<number> | null = null;
    if (topK > 0 || topP < 1 || minP > 0) {
      const kept: number[] = [];
      // Nothing below e^-20 of the best can matter to a cut; leaving it out keeps the sort short.
      const floor = Math.max(minP, 1e-9);
      for (let id = 0; id < weights.length; id++) if (weights[id]! >= floor) kept.push(id);
      kept.sort((a, b) => weights[b]! - weights[a]! || a - b);
      if (topK > 0 && kept.length > topK) kept.length = topK;
      candidates = topP < 1 ? kept.slice(0, nucleus(kept, weights, topP)) : kept;
    }
    const count = candidates?.length ?? weights.length;
    const at = (i: number): number => (candidates ? candidates[i]! : i);
    let total = 0;
    for (let i = 0; i < count; i++) total += weights[at(i)]!;
    let left = this.random.uniform() * total;
    for (let i = 0; i < count; i++) {
      left -= weights[at(i)]!;
      if (left < 0) return at(i);
    }
    return indexOfLargest(scores);
  }
}

/** How many of the sorted candidates reach `topP` of their common probability. */
function nucleus(sorted: readonly number[], weights: Float64Array, topP: number): number {
  const total = sorted.reduce((sum, id) => sum + weights[id]!, 0);
  let reached = 0;
  for (let i = 0; i < sorted.length; i++) {
    reached += weights[sorted[i]!]!;
    if (reached >= topP * total) return i + 1;
  }
  return sorted.length;
}

/** The ids below `count` whose bits are set. */
function idsOf(allowed: Uint32Array, count: number): Int32Array {
  const ids = new Int32Array(count);
  let length = 0;
  for (let word = 0; word < allowed.length; word++)
    for (let bits = allowed[word]!; bits !== 0; bits &= bits - 1) {
      const id = word * 32 + 31 - Math.clz32(bits & -bits);
      if (id < count) ids[length++] = id;
    }
  return ids.subarray(0, length);
}

/** Chooses as if there were only the tokens `ids`. */
function chooseAmong(ids: Int32Array, scores: Float32Array, choose: (from: Float32Array) => number): number {
  if (ids.length === 0) throw new Error('no token is allowed');
  const some = new Float32Array(ids.length);
  for (let i = 0; i < ids.length; i++) some[i] = scores[ids[i]!]!;
  return ids[choose(some)]!;
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function logSumExp(values: Float32Array): number {
  const best = values[indexOfLargest(values)]!;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i]! - best);
  return best + Math.log(sum);
}
