/** `corpus.yaml`: where the text comes from and what is done to it. Everything but the sources has a good default. */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { describeError, InputError } from '../../io/errors.js';
import { patternPresets, type PatternPreset } from '../../tokenizer/index.js';
import { cleanConfigSchema } from '../clean/index.js';
import { dedupConfigSchema } from '../dedup/index.js';
import { sourceOptionsSchema } from '../read/index.js';
import { aboutSchema } from '../report/index.js';

const sizeUnits = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const;

/** A number of bytes, or words such as "500 MB". */
const size = z.union([z.int().min(1), z.string()]).transform((value, context) => {
  if (typeof value === 'number') return value;
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([KMGT]?B)$/i.exec(value.trim()) ?? [];
  const factor = sizeUnits[(unit ?? '').toUpperCase() as keyof typeof sizeUnits];
  if (number === undefined || factor === undefined) {
    context.addIssue({ code: 'custom', message: 'expected bytes, or a size such as "500 MB"' });
    return z.NEVER;
  }
  return Math.round(Number(number) * factor);
});

const sourceSchema = z.strictObject({
  ...sourceOptionsSchema.shape,
  name: z.string().min(1).max(100),
  /** Files, folders, globs, or "-" for standard input; relative to the file that names them. */
  paths: z
    .union([z.string(), z.array(z.string()).min(1)])
    .transform((paths) => (typeof paths === 'string' ? [paths] : paths)),
  licence: z.string().max(200).optional(),
  /** Where it is from, in words or as a URL. */
  origin: z.string().max(1000).optional(),
  /** How often its text is seen for once that others are: 2 takes every document twice, 0.5 every second. */
  weight: z.number().positive().max(1000).default(1),
  /** Takes documents, chosen by their content, until there are so many bytes of text. */
  cap: size.optional(),
});

const patterns = Object.keys(patternPresets) as [PatternPreset, ...PatternPreset[]];

const tokenizerSchema = z.union([
  z.literal('byte'),
  /** A folder with `tokenizer.json`. */
  z.strictObject({ from: z.string() }),
  z.strictObject({
    vocab: z
      .int()
      .min(257)
      .max(1 << 20)
      .default(4096),
    pattern: z.enum(patterns).default('telar'),
    minFrequency: z.int().min(1).default(2),
  }),
]);

export const corpusConfigSchema = z.strictObject({
  name: z.string().min(1).max(200).default('corpus'),
  /** For the datasheet; what is left out is said to be left out. */
  about: aboutSchema.prefault({}),
  seed: z.int().min(0).default(0),
  sources: z
    .array(sourceSchema)
    .min(1)
    .refine((sources) => new Set(sources.map(({ name }) => name)).size === sources.length, 'two sources have one name'),
  clean: cleanConfigSchema.prefault({}),
  dedup: dedupConfigSchema.prefault({}),
  /** Share of the text that is held out of training. */
  heldOut: z.number().min(0).max(0.5).default(0.05),
  tokenizer: tokenizerSchema.prefault({}),
  /** The first piece of input that cannot be read ends the run, instead of being skipped and reported. */
  strict: z.boolean().default(false),
});

export type CorpusConfig = z.output<typeof corpusConfigSchema>;
export type CorpusSource = CorpusConfig['sources'][number];

/**
 * Reads and checks a `corpus.yaml`; paths in it become absolute.
 * @throws InputError naming the file and the first thing that is wrong with it
 */
export function readCorpusConfig(path: string): CorpusConfig {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error).split('\n')[0]}`, { cause: error });
  }
  return parseCorpusConfig(value, path, dirname(resolve(path)));
}

/** Checks a configuration; `name` stands for it in errors, relative paths begin in `base`. */
export function parseCorpusConfig(value: unknown, name: string, base: string): CorpusConfig {
  const result = corpusConfigSchema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw new InputError(`${name}: ${where === '' ? '' : `${where}: `}${issue?.message ?? 'not valid'}`);
  }
  const absolute = (path: string): string => (path === '-' || isAbsolute(path) ? path : join(base, path));
  const config = result.data;
  const { tokenizer, clean } = config;
  const { decontaminate, toxicity, quality } = clean;
  if (decontaminate !== false) decontaminate.files = decontaminate.files.map(absolute);
  if (toxicity !== false && toxicity.classifier !== undefined) toxicity.classifier = absolute(toxicity.classifier);
  if (quality !== false && 'classifier' in quality) quality.classifier = absolute(quality.classifier);
  if (quality !== false && 'model' in quality) quality.model = absolute(quality.model);
  return {
    ...config,
    sources: config.sources.map((source) => ({ ...source, paths: source.paths.map(absolute) })),
    ...(typeof tokenizer === 'object' && 'from' in tokenizer && { tokenizer: { from: absolute(tokenizer.from) } }),
  };
}
