/** What the steps say besides their loss, added up until it is asked for. */
import type { Numbers } from '../../train/index.js';

export class Tally {
  private terms = 0;
  private accurate = 0;
  private readonly good = new Side();
  private readonly bad = new Side();
  private point: number[] = [];

  /**
   * @param margins [pairs] reward of the chosen answer less that of the rejected
   * @param policy [2 · pairs] log-probabilities of the answers; counts: their tokens
   */
  pairs(margins: Float32Array, policy: Float32Array, counts: Float32Array): void {
    for (const [i, margin] of margins.entries()) {
      this.terms++;
      this.accurate += share(margin);
      this.good.add(margin, policy[2 * i]!, counts[2 * i]!);
      this.bad.add(0, policy[2 * i + 1]!, counts[2 * i + 1]!);
    }
  }

  /** @param rewards [thumbs] as KTO defines them; z: the reference point */
  thumbs(rewards: Float32Array, good: readonly boolean[], policy: Float32Array, counts: Float32Array, z: number): void {
    for (const [i, reward] of rewards.entries()) {
      this.terms++;
      this.accurate += share(good[i] ? reward : -reward);
      (good[i] ? this.good : this.bad).add(reward, policy[i]!, counts[i]!);
    }
    this.point.push(z);
  }

  /** Means since the last time, and begins again; nothing where nothing was added. */
  take(): Numbers {
    if (this.terms === 0) return {};
    const { terms, accurate, good, bad, point } = this;
    const numbers: Numbers = {
      accuracy: accurate / terms,
      margin: good.reward() - bad.reward(),
      chosenLogProb: good.logProb(),
      rejectedLogProb: bad.logProb(),
      ...(point.length > 0 && { referencePoint: point.reduce((sum, z) => sum + z, 0) / point.length }),
    };
    [this.terms, this.accurate, this.point] = [0, 0, []];
    good.clear();
    bad.clear();
    // A side without answers has no mean.
    return Object.fromEntries(Object.entries(numbers).filter(([, value]) => !Number.isNaN(value)));
  }
}

class Side {
  private answers = 0;
  private rewards = 0;
  private logProbs = 0;
  private tokens = 0;

  add(reward: number, logProb: number, tokens: number): void {
    this.answers++;
    this.rewards += reward;
    this.logProbs += logProb;
    this.tokens += tokens;
  }

  reward(): number {
    return this.rewards / this.answers;
  }

  /** Nats a token. */
  logProb(): number {
    return this.logProbs / this.tokens;
  }

  clear(): void {
    [this.answers, this.rewards, this.logProbs, this.tokens] = [0, 0, 0, 0];
  }
}

/** 1 for what is right, a half where nothing is preferred. */
function share(margin: number): number {
  return margin > 0 ? 1 : margin === 0 ? 0.5 : 0;
}
