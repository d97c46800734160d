/** How long a run is and how fast it learns at each step: so many steps, or what fits into some minutes. */
import type { RunClock } from './clock.js';
import { totalWithDecay } from './plan.js';
import { createSchedule, type ScheduleOptions } from './schedule.js';

export interface RunLengthOptions {
  schedule: ScheduleOptions & { decayFraction: number };
  /** Steps of the whole run; null while a run by the clock does not know them. */
  steps: number | null;
  /** Of a run by the clock. */
  minutes: number | null;
  clock: RunClock;
  /** Terms that are scored, without learning, after the last step: time is kept for them. */
  closingTokens: number;
  /** Hears how many steps a run by the clock will have, as soon as it is known. */
  onDecide?: (steps: number) => void;
}

/** The schedule. A run by the clock is stable until the share of its time is over, and then knows its last step. */
export class RunLength {
  /** Steps of the whole run, or null while that is not known. */
  total: number | null;
  private readonly options: RunLengthOptions;
  /** Of the steps so far, smoothed. */
  private secondsPerToken = 0;

  constructor(options: RunLengthOptions) {
    this.options = options;
    this.total = options.steps;
  }

  /** Multiplier of the learning rates at `step`, from 1; null when the run is over before it. */
  rate(step: number): number | null {
    const { schedule } = this.options;
    this.decide(step);
    if (this.total === null) return createSchedule({ ...schedule, shape: 'constant' })(step - 1, 1);
    return step > this.total ? null : createSchedule(schedule)(step - 1, this.total);
  }

  /** Learns the speed from a step that was made. */
  observe(tokens: number, seconds: number): void {
    const now = seconds / tokens;
    this.secondsPerToken = this.secondsPerToken === 0 ? now : this.secondsPerToken * 0.9 + 0.1 * now;
  }

  /** Seconds until the end, or null when nobody knows. */
  secondsLeft(step: number): number | null {
    const { clock, minutes } = this.options;
    if (this.total !== null) return ((this.total - step) * clock.seconds()) / step;
    return minutes === null ? null : Math.max(0, minutes * 60 - clock.seconds());
  }

  private decide(step: number): void {
    const { schedule, minutes, clock, closingTokens, onDecide } = this.options;
    if (this.total !== null || this.secondsPerToken === 0) return;
    const stable = schedule.shape === 'wsd' ? 1 - schedule.decayFraction : 1;
    const reserve = closingTokens * 0.8 * this.secondsPerToken + 3;
    const available = minutes! * 60 - reserve - clock.preparation;
    if (clock.seconds() - clock.preparation < stable * available) return;
    this.total = totalWithDecay(step - 1, 1 - stable);
    onDecide?.(this.total);
  }
}
