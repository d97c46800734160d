/** Minimum of a smooth function of many variables: L-BFGS (Liu & Nocedal 1989) with a backtracking line search. */

/** A function that returns its value at `x` and writes its gradient. */
export type Smooth = (x: Float64Array, gradient: Float64Array) => number;

export interface MinimiseOptions {
  /** Most steps (default 200). */
  steps?: number;
  /** Done when the gradient's norm is below this times the larger of 1 and the norm of x (default 1e-4). */
  tolerance?: number;
  onStep?: (step: number, value: number) => void;
}

const MEMORY = 6;

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** y += scale * x */
function add(y: Float64Array, scale: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i]! += scale * x[i]!;
}

/**
 * Minimises `f` from `x` on, in place.
 * @returns the value reached, the steps taken, and whether the tolerance was met
 */
export function minimise(
  f: Smooth,
  x: Float64Array,
  { steps = 200, tolerance = 1e-4, onStep }: MinimiseOptions = {},
): { value: number; steps: number; converged: boolean } {
  const gradient = new Float64Array(x.length);
  const next = new Float64Array(x.length);
  const nextGradient = new Float64Array(x.length);
  const direction = new Float64Array(x.length);
  const history: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  let value = f(x, gradient);
  for (let step = 0; step < steps; step++) {
    if (Math.sqrt(dot(gradient, gradient)) <= tolerance * Math.max(1, Math.sqrt(dot(x, x))))
      return { value, steps: step, converged: true };
    for (let i = 0; i < x.length; i++) direction[i] = -gradient[i]!;
    const alphas: number[] = [];
    for (const { s, y, rho } of history) {
      const alpha = rho * dot(s, direction);
      alphas.push(alpha);
      add(direction, -alpha, y);
    }
    const newest = history[0];
    const scale = newest ? 1 / (newest.rho * dot(newest.y, newest.y)) : 1 / Math.sqrt(dot(gradient, gradient));
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
    for (let j = history.length - 1; j >= 0; j--) {
      const { s, y, rho } = history[j]!;
      add(direction, alphas[j]! - rho * dot(y, direction), s);
    }
    const slope = dot(gradient, direction);
    let length = 1;
    let nextValue = Infinity;
    for (let tries = 0; ; tries++) {
      for (let i = 0; i < x.length; i++) next[i] = x[i]! + length * direction[i]!;
      nextValue = f(next, nextGradient);
      if (nextValue <= value + 1e-4 * length * slope) break;
      if (tries === 30 || !(slope < 0)) return { value, steps: step, converged: false };
      length /= 2;
    }
    // The oldest memory is written over.
    const { s, y } = history.length < MEMORY ? { s: x.slice(), y: gradient.slice() } : history.pop()!;
    for (let i = 0; i < x.length; i++) {
      s[i] = next[i]! - x[i]!;
      y[i] = nextGradient[i]! - gradient[i]!;
    }
    const curvature = dot(s, y);
    if (curvature > 0) history.unshift({ s, y, rho: 1 / curvature });
    x.set(next);
    gradient.set(nextGradient);
    value = nextValue;
    onStep?.(step + 1, value);
  }
  return { value, steps, converged: false };
}
