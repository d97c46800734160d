/** Chooses the next token from logits. */
import { InputError } from '../io/errors.js';
import { Random } from '../io/hash-random.js';
import { largest, pick, Softmax, sumOf } from './softmax.js';

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
    const own = new Softmax(logits, 1);
    const choose = (from: Float32Array): number => {
      if (temperature === 0) return from === logits ? own.top : largest(from);
      return this.draw(from === logits && temperature === 1 ? own : new Softmax(from, 1 / temperature));
    };
    const id = allowed ? chooseAmong(idsOf(allowed, scores.length), scores, choose) : choose(scores);
    return { id, logprob: logits[id]! - own.logSum };
  }

  private draw(softmax: Softmax): number {
    const { topK, topP, minP } = this.options;
    if (topK === 0 && topP === 1 && minP === 0) return softmax.draw(this.random);
    const ids = this.mostLikely(softmax);
    const weights = ids.map((id) => softmax.weight(id));
    return ids[pick(weights, this.random.uniform())]!;
  }

  /** The ids that top-k, top-p and min-p leave, the most likely first. */
  private mostLikely(softmax: Softmax): number[] {
    const { topK, topP, minP } = this.options;
    const { scores, best, scale } = softmax;
    const weight = (id: number): number => softmax.weight(id);
    // Nothing below e^-20 of the best can matter to a cut.
    const lowest = Math.log(Math.max(minP, 1e-9));
    const all = topK > 0 || minP > 0 ? 0 : softmax.sum;
    // Few are likely, and only they are sorted: the bound falls until there are enough.
    let ids: number[] = [];
    for (let bound = minP > 0 ? lowest : -1; ; bound *= 2) {
      const least = best + Math.max(bound, lowest) / scale;
      ids = [];
      for (let id = 0; id < scores.length; id++) if (scores[id]! >= least) ids.push(id);
      if (bound <= lowest || (topK > 0 ? ids.length >= topK : sumOf(ids.map(weight)) >= topP * all)) break;
    }
    ids.sort((a, b) => scores[b]! - scores[a]! || a - b);
    if (topK > 0 && ids.length > topK) ids.length = topK;
    if (topP === 1) return ids;
    const weights = ids.map(weight);
    const enough = topP * (all || sumOf(weights));
    let reached = 0;
    const last = weights.findIndex((value) => (reached += value) >= enough);
    return last < 0 ? ids : ids.slice(0, last + 1);
  }
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
