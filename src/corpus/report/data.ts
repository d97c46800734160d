/**
 * What a corpus run reports, as plain data (`report.json`). Every fact stands here once; totals, shares and rates are
 * reckoned when it is shown.
 */
import { z } from 'zod';

const count = z.int().min(0);
/** Removed of something; negative where a step adds (a mask longer than what it hides, a source read twice). */
const removed = z.int();
const seconds = z.number().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal');
/** Named values of any kind; what cannot be shown in a table is shown as JSON. */
const settings = z.record(z.string(), z.unknown());

/** Documents and their text in UTF-8 bytes. */
const amount = z.strictObject({ documents: count, bytes: count });

/** Most entries that a report holds of each list; counts stand beside the lists. */
export const REPORT_LIMITS = {
  /** Examples of a removal. */
  examples: 5,
  problems: 100,
  /** Largest clusters of duplicates. */
  clusters: 10,
  contaminationHits: 1000,
  /** Documents to read. */
  samples: 10,
  /** Bins of toxicity, equal parts of 0 to 1. */
  toxicityBins: 20,
} as const;

/** Lengths of excerpts in characters: see `excerpt`. */
export const EXCERPT_LENGTHS = { example: 300, cluster: 300, sample: 1200 } as const;

const removal = z.strictObject({
  /**
   * - `cleaning`: a rule dropped documents.
   * - `changed`: cleaning changed the text of documents that stayed (cut lines, masks, repairs).
   * - `exact`, `near`: duplicates of an earlier document.
   * - `paragraphs`: repeated paragraphs were cut out of documents that stayed.
   * - `contamination`: documents that share n-grams with test sets.
   * - `mixing`: what weights and caps left out, less what epochs above 1 added.
   */
  kind: z.enum(['cleaning', 'changed', 'exact', 'near', 'paragraphs', 'contamination', 'mixing']),
  /** Id of the rule, such as `gopher.short`; for kinds other than `cleaning` any short name. */
  rule: z.string(),
  /** Documents that went. */
  documents: removed,
  /** Bytes of text that went, as the text was when it came to this step. */
  bytes: removed,
  /** Documents that stayed with changed text (`changed` and `paragraphs`). */
  touched: count.optional(),
  examples: z
    .array(
      z.strictObject({
        /** Where it came from, as in `SourceDocument.source`. */
        source: z.string(),
        /** The measured value beside the threshold, such as `31 words < 50`. */
        detail: z.string().optional(),
        /** Personal data already masked. */
        excerpt: z.string(),
      }),
    )
    .max(REPORT_LIMITS.examples),
});

const source = z.strictObject({
  name: z.string(),
  /** As given: files, folders, globs. */
  paths: z.array(z.string()),
  licence: z.string().optional(),
  /** Where it is from, in words or as a URL. */
  origin: z.string().optional(),
  /** `jsonl`, `parquet`, ...; several joined by commas. */
  format: z.string(),
  /** As read, before cleaning. */
  read: amount,
  /** In the shards, train and held-out together; a document of two epochs counts twice. */
  kept: amount,
  /** In the shards. */
  tokens: count,
  /** As given in the configuration. */
  weight: z.number().min(0).optional(),
  /** Most of it that is taken, as given in the configuration. */
  cap: z.strictObject({ amount: z.number().min(0), unit: z.enum(['documents', 'bytes', 'tokens']) }).optional(),
  /** How often its kept documents stand in the training shards: 1 is once, 0.5 half of them. */
  epochs: z.number().min(0),
});

const part = z.strictObject({ ...amount.shape, tokens: count });

/** From the configuration; all of it is optional, and the datasheet says what was left open. */
export const aboutSchema = z.strictObject({
  /** For what purpose the corpus was made. */
  motivation: z.string().optional(),
  /** Who made it. */
  author: z.string().optional(),
  /** Where to write about it. */
  contact: z.string().optional(),
  /** Under which terms the whole may be used. */
  licence: z.string().optional(),
  /** What it should, and should not, be used for. */
  uses: z.string().optional(),
  /** Limits its makers know of. */
  limits: z.string().optional(),
});

export const corpusReportSchema = z.strictObject({
  format: z.literal('telar-corpus-report'),
  version: z.literal(1),
  /** Name of the corpus. */
  name: z.string(),
  /** When the run ended, ISO 8601. */
  created: z.string(),
  /** Version of Telar. */
  telar: z.string(),
  /** The command line that makes this corpus again. */
  command: z.string(),
  /** The configuration file as it was written. */
  config: z.string(),
  seed: z.number(),
  /** Wall clock of the whole run; of all its parts, where it was resumed. */
  seconds,
  machine: z.strictObject({
    cpu: z.string(),
    threads: count,
    /** Highest resident set size in bytes. */
    peakMemory: count.optional(),
  }),
  about: aboutSchema,

  /** Bytes of input files, compressed where they are. */
  inputBytes: count,
  /** What the readers gave. */
  read: amount,
  /** In the order in which the run took them; what is left at the end is `train` and `heldOut` together. */
  removals: z.array(removal),
  train: part,
  heldOut: part,
  /** Share of the text that was to be held out. */
  heldOutFraction: z.number().min(0).max(1),
  sources: z.array(source),

  /** Pieces of the input that could not be read. */
  problems: z.strictObject({
    count,
    first: z
      .array(z.strictObject({ /** File with offset or line. */ source: z.string(), reason: z.string() }))
      .max(REPORT_LIMITS.problems),
  }),
  /** Every step of cleaning in its order, also those that are off, with the thresholds in force. */
  cleaning: z.array(z.strictObject({ step: z.string(), on: z.boolean(), settings })),
  /** What cleaning did within texts, by what was done: `boilerplate.lines`, `mojibake.repaired`, ... */
  changes: z.record(z.string(), count),
  /** By language code, as identified; `und` where it cannot be told or nobody looked. Empty where the step is off. */
  languages: z.array(z.strictObject({ language: z.string(), before: amount, after: amount })),
  /** Documents by length: bin i holds lengths from 2^i up to 2^(i+1) - 1 characters (see `logBin`); trailing zeros may be left out. */
  lengths: z.strictObject({ before: z.array(count), after: z.array(count) }),
  /** Left out where deduplication is off. */
  duplicates: z
    .strictObject({
      /** n-gram length, bands, rows, ... */
      settings,
      /** Groups of two or more documents that are copies of one another, exact or near. */
      clusters: count,
      /** Clusters by size: bin i holds sizes from 2^i up to 2^(i+1) - 1 (see `logBin`). */
      sizes: z.array(count),
      largest: z
        .array(
          z.strictObject({
            /** Documents in it. */
            size: z.int().min(2),
            /** Of the document that was kept. */
            source: z.string(),
            excerpt: z.string(),
          }),
        )
        .max(REPORT_LIMITS.clusters),
    })
    .optional(),
  /** Found in the documents that came as far as this step. Left out where the step is off. */
  personalData: z
    .strictObject({
      /** What became of it, such as `masked`. */
      action: z.string(),
      /** Findings by kind: `email`, `phone`, ... */
      counts: z.record(z.string(), count),
    })
    .optional(),
  /** Left out where the step is off. */
  toxicity: z
    .strictObject({
      /** Name of the classifier and of the label that counts, such as `telar-toxicity-1, hate`. */
      classifier: z.string(),
      /** Documents with a higher score were dropped. */
      threshold: z.number().min(0).max(1),
      /** Scored documents in equal parts of 0 to 1; a score of 1 is in the last. */
      bins: z.array(count).length(REPORT_LIMITS.toxicityBins),
    })
    .optional(),
  /** Left out where no test sets were given. */
  contamination: z
    .strictObject({
      /** Words in an n-gram. */
      n: z.int().min(1),
      testFiles: z.array(z.string()),
      /** Documents that were found. */
      count,
      hits: z
        .array(z.strictObject({ source: z.string(), /** The test file. */ file: z.string(), ngram: z.string() }))
        .max(REPORT_LIMITS.contaminationHits),
    })
    .optional(),
  tokenizer: z.strictObject({
    kind: z.string(),
    vocabSize: count,
    hash: sha256,
    /** Where it came from: trained on this corpus, or the folder it was read from. */
    origin: z.string(),
    /** UTF-8 bytes of kept text for each token of it. */
    bytesPerToken: z.number().min(0),
    /** Some tokens, to be looked at. */
    sample: z.array(z.strictObject({ id: count, text: z.string() })),
  }),
  /** Seconds of wall clock and bytes that went in, by stage in their order. */
  stages: z.array(z.strictObject({ stage: z.string(), seconds, bytes: count })),
  /** Kept documents, chosen at random. */
  samples: z
    .array(z.strictObject({ source: z.string(), language: z.string().optional(), excerpt: z.string() }))
    .max(REPORT_LIMITS.samples),
  /** What lies beside the report. */
  manifest: z.strictObject({
    /** SHA-256 of `manifest.json`. */
    sha256,
    dtype: z.enum(['uint16', 'uint32']),
    shards: z.array(
      z.strictObject({
        file: z.string(),
        split: z.enum(['train', 'heldOut']),
        ...part.shape,
        sha256,
      }),
    ),
  }),
});

export type CorpusReport = z.infer<typeof corpusReportSchema>;
export type Removal = CorpusReport['removals'][number];
export type ReportSource = CorpusReport['sources'][number];

/** Bin of a histogram over powers of two: 0 for 0 and 1, then floor(log2). @param value a whole number below 2^53 */
export function logBin(value: number): number {
  let bin = 0;
  for (let rest = value; rest >= 2; rest /= 2) bin++;
  return bin;
}

/**
 * The beginning of a text, at most `length` code points, with "…" where it was cut. Its end lies between words where that
 * costs little.
 */
export function excerpt(text: string, length: number): string {
  // A code point takes at most two units, so longer texts are never walked through.
  const points = Array.from(text.slice(0, 2 * length + 2));
  if (points.length <= length) return text;
  const cut = points.slice(0, Math.max(0, length - 1)).join('');
  const space = cut.search(/\s\S*$/u);
  return `${cut.slice(0, space > cut.length * 0.8 ? space : cut.length)}…`;
}
