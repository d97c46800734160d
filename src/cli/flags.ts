/** Flag values checked at the door. */
import { InvalidArgumentError } from 'commander';
import { kernels } from '../engine/index.js';

/** A whole number in [least, most]. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most || text.trim() === '')
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** Sets the number of kernel threads: as asked, or one for each processor. */
export function useThreads(count: number | undefined): void {
  kernels.setThreads(count ?? kernels.hardwareThreads());
}

export const threadsFlag = ['--threads <n>', 'kernel threads (default: one a processor)', wholeNumber(1, 256)] as const;

/** Any finite number; the library says which it takes. */
export function anyNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || text.trim() === '') throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** A number above zero. */
export function positiveNumber(text: string): number {
  const value = anyNumber(text);
  if (value <= 0) throw new InvalidArgumentError('It must be above 0.');
  return value;
}
