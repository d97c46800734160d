/** Time worked on a run, over all its sittings. */
import type { MetricsLine } from './metrics.js';

export class RunClock {
  /** Seconds of work before the first step. */
  preparation = 0;
  private startedAt: number;

  /** @param before seconds worked already, such as on preparing the data */
  constructor(before = 0) {
    this.startedAt = performance.now() - before * 1000;
  }

  /** Seconds of work so far. */
  seconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  /** Notes that the steps begin now. */
  begin(): void {
    this.preparation = this.seconds();
  }

  /** Goes on where the metrics of an earlier sitting end. */
  takeUp(lines: readonly MetricsLine[]): void {
    this.startedAt = performance.now() - (lines.at(-1)?.time ?? 0) * 1000;
    this.preparation = lines.find(({ step }) => step === 0)?.time ?? 0;
  }
}
