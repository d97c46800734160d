/** What became of each question, on disk as soon as it is known: a search that is stopped goes on from it. */
import { z } from 'zod';
import { InputError } from '../io/errors.js';
import { keepLines, LineAppender, readJsonLines } from '../io/json-lines.js';
import type { Outcome } from './assess.js';

const outcomeSchema = z.strictObject({
  predicted: z.string(),
  correct: z.boolean(),
  likelihood: z.number(),
  tokens: z.number(),
});
const lineSchema = z.union([
  z.strictObject({ search: z.string() }),
  z.strictObject({
    candidate: z.string(),
    set: z.enum(['dev', 'test']),
    from: z.int(),
    outcomes: z.array(outcomeSchema),
    seconds: z.number(),
  }),
]);

/** A line a batch, found again by candidate, set and first example. */
export class OutcomeFile {
  private readonly file: LineAppender;
  private readonly batches = new Map<string, Map<number, Outcome[]>>();
  private readonly time = new Map<string, number>();

  constructor(path: string, search: string) {
    const lines = readJsonLines(path, lineSchema);
    const [first] = lines;
    if (first && !('search' in first && first.search === search))
      throw new InputError(
        `${path} is of another search (other model, data, prompt, metric or seed): give another --out, or remove it`,
      );
    for (const line of lines)
      if ('candidate' in line) this.take(line.candidate, line.set, line.from, line.outcomes, line.seconds);
    keepLines(path, () => true); // without half a line, where the process died while it wrote
    this.file = new LineAppender(path);
    if (!first) this.file.append(JSON.stringify({ search }));
  }

  has(candidate: string, set: string, from: number): boolean {
    return this.batches.get(`${set} ${candidate}`)?.has(from) ?? false;
  }

  /** All outcomes in order. */
  of(candidate: string, set: string): Outcome[] {
    const batches = this.batches.get(`${set} ${candidate}`) ?? new Map<number, Outcome[]>();
    return [...batches].sort(([a], [b]) => a - b).flatMap(([, outcomes]) => outcomes);
  }

  add(candidate: string, set: 'dev' | 'test', from: number, outcomes: Outcome[], seconds: number): void {
    this.file.append(JSON.stringify({ candidate, set, from, outcomes, seconds }));
    this.take(candidate, set, from, outcomes, seconds);
  }

  /** Of one candidate, or of all. */
  seconds(candidate?: string): number {
    if (candidate !== undefined) return this.time.get(candidate) ?? 0;
    return [...this.time.values()].reduce((sum, each) => sum + each, 0);
  }

  close(): void {
    this.file.close();
  }

  private take(candidate: string, set: string, from: number, outcomes: Outcome[], seconds: number): void {
    const key = `${set} ${candidate}`;
    this.batches.set(key, (this.batches.get(key) ?? new Map<number, Outcome[]>()).set(from, outcomes));
    this.time.set(candidate, (this.time.get(candidate) ?? 0) + seconds);
  }
}
