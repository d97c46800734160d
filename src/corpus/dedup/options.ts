/** What is done about repeated text, as `corpus.yaml` spells it. */
import { z } from 'zod';

const paragraphOptions = z.strictObject({
  /** Least length of a line that is compared, in characters. */
  minCharacters: z.int().min(1).max(1e6).default(100),
});

const nearOptions = z.strictObject({
  /** Words in a shingle. */
  ngram: z.int().min(1).max(64).default(5),
  /** Two documents meet where all rows of any one band agree: with probability 1 - (1 - J^rows)^bands at Jaccard similarity J. */
  bands: z.int().min(1).max(256).default(14),
  rows: z.int().min(1).max(64).default(8),
  /** False: clusters are found (for the held-out split) but nothing is dropped. */
  drop: z.boolean().default(true),
});

/** `true` stands for the defaults. */
const switchable = <Shape extends z.ZodRawShape>(
  options: z.ZodObject<Shape>,
  defaults: () => z.output<typeof options>,
) =>
  z
    .union([z.literal(false), z.literal(true).transform(defaults), options], {
      error: `must be true, false or an object of ${Object.keys(options.shape).join(', ')}, each of its type`,
    })
    .prefault(true);

export const dedupConfigSchema = z.strictObject({
  /** Drop documents that say the same as an earlier one, white space and case aside. */
  exact: z.boolean().default(true),
  /** Cut lines that an earlier kept document, or the same one, has already. */
  paragraphs: switchable(paragraphOptions, () => paragraphOptions.parse({})),
  /** Drop documents that share most of their shingles with an earlier one (MinHash and locality-sensitive hashing). */
  near: switchable(nearOptions, () => nearOptions.parse({})),
});

export type DedupOptions = z.output<typeof dedupConfigSchema>;

export type NearOptions = z.output<typeof nearOptions>;
