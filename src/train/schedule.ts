/** Learning-rate schedules: what the learning rate is multiplied by at each step. Pure functions. */
import { InputError } from '../io/errors.js';

export const scheduleShapes = ['constant', 'cosine', 'wsd'] as const;

/** constant; cosine (Loshchilov & Hutter 2017); wsd: warmup, stable, decay (Hu et al. 2024, MiniCPM). */
export type ScheduleShape = (typeof scheduleShapes)[number];

export interface ScheduleOptions {
  shape: ScheduleShape;
  /** Steps over which the multiplier rises in a line to 1 (default 0). Step 0 has 1 / warmupSteps, never 0. */
  warmupSteps?: number;
  /** What the multiplier falls to by the end, 0 to 1 (default 0). Without effect on "constant". */
  finalFraction?: number;
  /** wsd: share of all steps, at the end, over which the multiplier falls (default 0.4). */
  decayFraction?: number;
  /** wsd: how it falls: in a line, or as 1 - sqrt (Hägele et al. 2024), which falls fast at first. Default linear. */
  decay?: 'linear' | '1-sqrt';
}

/** Multiplier of the learning rate for `step` (0 to totalSteps - 1). */
export type Schedule = (step: number, totalSteps: number) => number;

/**
 * A schedule. It rises to 1, never exceeds it, never rises again after the warmup, and would reach `finalFraction` at
 * the step after the last, so that no step is taken at a learning rate of 0. With a warmup as long as the run or longer, only the beginning of the warmup is seen.
 * @throws InputError for values outside their range
 */
export function createSchedule(options: ScheduleOptions): Schedule {
  const { shape, warmupSteps = 0, finalFraction = 0, decayFraction = 0.4, decay = 'linear' } = options;
  if (!scheduleShapes.includes(shape))
    throw new InputError(`no schedule "${String(shape)}": choose of ${scheduleShapes.join(', ')}`);
  if (!Number.isInteger(warmupSteps) || warmupSteps < 0)
    throw new InputError(`warmup must be a whole number of steps from 0, not ${warmupSteps}`);
  for (const [name, value] of Object.entries({ 'final fraction': finalFraction, 'decay fraction': decayFraction }))
    if (!(value >= 0 && value <= 1)) throw new InputError(`the schedule's ${name} must be from 0 to 1, not ${value}`);

  /** Falls from 1 to finalFraction as `progress` goes from 0 to 1. */
  const fall = (progress: number, curve: (x: number) => number) =>
    finalFraction + (1 - finalFraction) * curve(Math.min(Math.max(progress, 0), 1));
  const line = (x: number) => 1 - x;
  const curves = {
    constant: () => 1,
    cosine: (step: number, total: number) =>
      fall((step - warmupSteps) / Math.max(1, total - warmupSteps), (x) => (1 + Math.cos(Math.PI * x)) / 2),
    wsd: (step: number, total: number) => {
      const decaySteps = Math.min(Math.ceil(decayFraction * total), Math.max(0, total - warmupSteps));
      const progress = (step - (total - decaySteps)) / Math.max(1, decaySteps);
      return fall(progress, decay === 'linear' ? line : (x) => 1 - Math.sqrt(x));
    },
  };
  return (step, totalSteps) => (step < warmupSteps ? (step + 1) / warmupSteps : curves[shape](step, totalSteps));
}
