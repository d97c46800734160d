/** How much better what was done is than what was to be expected. In float64 throughout. */
import type { GrpoVariant } from './settings.js';

export interface Gae {
  advantages: Float64Array;
  /** What the values should have been. */
  returns: Float64Array;
}

/**
 * Generalised advantage estimation over one completion, after which nothing comes (Schulman et al. 2016, equation 16):
 * A_t = Σ (γλ)^k δ_{t+k}, with δ_t = r_t + γ V_{t+1} - V_t.
 * @param rewards [tokens]; values: [tokens] before each token
 */
export function gae(rewards: ArrayLike<number>, values: ArrayLike<number>, gamma: number, lambda: number): Gae {
  const n = rewards.length;
  const advantages = new Float64Array(n);
  for (let t = n - 1, next = 0; t >= 0; t--) {
    const delta = rewards[t]! + gamma * (t + 1 < n ? values[t + 1]! : 0) - values[t]!;
    advantages[t] = next = delta + gamma * lambda * next;
  }
  return { advantages, returns: advantages.map((advantage, t) => advantage + values[t]!) };
}

/** Shifts and scales all advantages of a rollout to mean 0 and variance 1, in place; equal ones become 0. */
export function whiten(advantages: readonly Float64Array[]): void {
  let [count, sum, squares] = [0, 0, 0];
  for (const each of advantages) {
    count += each.length;
    sum += each.reduce((total, x) => total + x, 0);
  }
  const mean = sum / count;
  for (const each of advantages) for (const x of each) squares += (x - mean) ** 2;
  const scale = 1 / (Math.sqrt(squares / count) + 1e-8);
  for (const each of advantages) for (let t = 0; t < each.length; t++) each[t] = (each[t]! - mean) * scale;
}

/**
 * Advantages of the completions of one prompt, each against the others: exactly 0 where all rewards are equal. `grpo` and
 * `dapo` divide by the spread (Shao et al. 2024, section 4.1.2); `dr_grpo` does not (Liu et al. 2025); `rloo` leaves a
 * completion out of what it is compared with (Ahmadian et al. 2024, equation 8).
 * @param rewards [group], two or more
 */
export function groupAdvantages(rewards: Float64Array, variant: GrpoVariant): Float64Array {
  const n = rewards.length;
  if (rewards.every((reward) => reward === rewards[0])) return new Float64Array(n);
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / n;
  const centred = rewards.map((reward) => reward - mean);
  if (variant === 'dr_grpo') return centred;
  if (variant === 'rloo') return centred.map((x) => (x * n) / (n - 1));
  const spread = Math.sqrt(centred.reduce((sum, x) => sum + x * x, 0) / (n - 1));
  return centred.map((x) => x / (spread + 1e-4));
}
