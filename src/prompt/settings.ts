/** What the front matter of a prompt file may say. */
import { z } from 'zod';

/** Names that the body gives a meaning of its own. */
export const RESERVED = ['answer', 'examples', 'labels', 'turn'] as const;

const name = z.string().regex(/^[A-Za-z_][\w-]*$/, 'a name has letters, digits, "_" and "-"');
const type = z.enum(['string', 'number', 'integer', 'boolean', 'strings']);
const plain = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

const inputObject = z.strictObject({
  type: type.default('string'),
  description: z.string().optional(),
  /** What has a default need not be given. */
  required: z.boolean().optional(),
  default: plain.optional(),
});
const input = z
  .union([type.transform((type) => ({ type })), inputObject])
  .transform((each: z.output<typeof inputObject>) => ({
    ...each,
    required: each.required ?? each.default === undefined,
  }));

const labels = z
  .union([
    z.array(z.string().min(1)).transform((list) => Object.fromEntries(list.map((label) => [label, label]))),
    z.record(z.string().min(1), z.string().min(1)),
  ])
  .refine((map) => Object.keys(map).length >= 2, 'at least two labels are needed')
  .refine((map) => new Set(Object.values(map)).size === Object.keys(map).length, 'two labels are written alike');

const output = z.union([
  z.literal('text').transform(() => ({ kind: 'text' as const })),
  z
    .strictObject({ labels, calibrate: z.enum(['none', 'content-free']).default('none') })
    .transform((each) => ({ kind: 'labels' as const, ...each })),
  z
    .strictObject({ schema: z.record(z.string(), z.unknown()) })
    .transform((each) => ({ kind: 'schema' as const, ...each })),
]);

const sampling = z.strictObject({
  temperature: z.number().min(0).max(100).default(0),
  'top-k': z.int().min(0).optional(),
  'top-p': z.number().gt(0).max(1).optional(),
  'min-p': z.number().min(0).max(1).optional(),
  'repetition-penalty': z.number().gt(0).max(100).optional(),
  'max-tokens': z.int().min(1).max(1e6).default(128),
  stop: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  seed: z.int().min(0).default(0),
});

const examples = z.strictObject({
  /** A JSONL file beside the prompt file; or `items`. */
  from: z.string().min(1).optional(),
  items: z.array(z.record(z.string(), z.unknown())).optional(),
  count: z.int().min(0).max(1000).optional(),
  select: z.enum(['fixed', 'random', 'nearest']).default('fixed'),
  /** Of the random choice. */
  seed: z.int().min(0).default(0),
  separator: z.string().default('\n\n'),
});

export const METRICS = ['accuracy', 'macro-f1', 'exact', 'contains', 'likelihood'] as const;
export type MetricName = (typeof METRICS)[number];

export const settingsSchema = z.strictObject({
  description: z.string().optional(),
  model: z.string().min(1).optional(),
  adapters: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  sampling: sampling.prefault({}),
  input: z.record(name, input).default({}),
  output: output.prefault('text'),
  metric: z.enum(METRICS).optional(),
  examples: examples.prefault({}),
});

export type Settings = z.output<typeof settingsSchema>;
export type InputType = z.infer<typeof type>;
export type Output = Settings['output'];
