/** Seconds of wall clock that each stage took, over all sittings. */
import { existsSync, readFileSync } from 'node:fs';
import { writeAtomic } from '../../io/files.js';

export class Timings {
  readonly seconds: Record<string, number>;
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
    this.seconds = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>) : {};
  }

  /** Adds the time of `work`, also where it fails or is stopped by a signal. */
  async measure<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    try {
      return await work();
    } finally {
      this.seconds[stage] = (this.seconds[stage] ?? 0) + (performance.now() - begin) / 1000;
      writeAtomic(this.path, JSON.stringify(this.seconds));
    }
  }
}
