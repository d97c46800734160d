/** What a step of cleaning is, and what it says of a document. */
import * as z from 'zod';

/** Why a document is left out. */
export interface Drop {
  /** The rule, for example "gopherQuality.short". */
  drop: string;
  /** The measured value beside its threshold, for example "31 words < 50". */
  detail?: string;
}

/** What cleaning learnt of a document: summed up by the report. */
export interface Facts {
  /** ISO 639-1, or 639-3 where there is none; "und" where it cannot be told. */
  language?: string;
  /** 0 to 1. */
  languageConfidence?: number;
  /** Probability of the label that the toxicity step looks at. */
  toxicity?: number;
  /** Probability of the quality label, or perplexity per byte. */
  quality?: number;
  /** How often something happened, for example {"pii.email": 2, "boilerplate.lines": 3}. */
  counts: Record<string, number>;
}

/** Gives the text on, changed or not, or says why the document is dropped. Notes in `facts` what it did. */
export type Step = (text: string, facts: Facts) => string | Drop;

/** Adds to one of the counts; nothing for 0. */
export function count(facts: Facts, name: string, n = 1): void {
  if (n > 0) facts.counts[name] = (facts.counts[name] ?? 0) + n;
}

/** A measured value as a detail shows it: three significant digits are enough. */
export function short(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

/** Schema of a step in `corpus.yaml`: `false` switches it off, `true` means its defaults, an object overrides some of them. */
export function switchable<T extends z.ZodType>(options: T) {
  return z.union([z.literal(false), z.literal(true).transform((): z.output<T> => options.parse({})), options]);
}

/** A share from 0 to 1. */
export const share = z.number().min(0).max(1);
