/** What is wrong with examples: thrown where it is found, gathered with its line, told by kind. */

/** One example that cannot be learned from. Not for users: whoever reads examples says which one it is. */
export class Bad extends Error {
  /** A few words that are the same for all examples with this problem. */
  readonly kind: string;

  constructor(kind: string, reason: string) {
    super(reason);
    this.kind = kind;
  }
}

/** A problem and its place. */
export interface Problem {
  /** `path:line`, or `path#row` of Parquet. */
  where: string;
  kind: string;
  reason: string;
}

/** Places that are shown of each kind. */
const SHOWN = 3;

/** Counts by kind with the first places of each, the most frequent first: a line each. */
export function summarizeProblems(problems: readonly Problem[]): string[] {
  const kinds = new Map<string, Problem[]>();
  for (const problem of problems) {
    const same = kinds.get(problem.kind);
    if (same) same.push(problem);
    else kinds.set(problem.kind, [problem]);
  }
  return [...kinds]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([kind, found]) => {
      const places = found.slice(0, SHOWN).map(({ where }) => where);
      return `${found.length} ${kind}: ${places.join(', ')}${found.length > SHOWN ? ', ...' : ''}`;
    });
}
