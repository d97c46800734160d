/**
 * Prompts to try: a seed varied along what a prompt is made of, that is instruction, place of the instruction, form of
 * question and answer, separator, words for labels, examples, calibration. Values of a file and values made by rule; then
 * all combinations where they are few, else the seed with one change each and a seeded draw of the rest.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { describeError, InputError } from '../io/errors.js';
import { sha256 } from '../io/files.js';
import { Random } from '../io/hash-random.js';
import type { Example } from './examples.js';
import { inTurns } from './select.js';
import { parseBody, type PromptFile } from './prompt-file.js';
import type { Settings } from './settings.js';
import { parseTemplate, templateSource, variablesOf } from './template.js';
import { readYaml } from './yaml.js';

export interface ExampleChoice {
  count: number;
  select: 'fixed' | 'random' | 'nearest';
  /** Which examples, and their order; of fixed ones, null for those of the seed prompt as they stand. */
  seed: number | null;
}

/** One way to write the prompt. */
export interface Candidate {
  instruction: string;
  /** Whether the instruction stands before the examples or between them and the question. */
  place: 'before' | 'after';
  /** The turn with `{{answer}}`. */
  form: string;
  separator: string;
  /** How each label is written; null where there are none. */
  labels: Readonly<Record<string, string>> | null;
  examples: ExampleChoice;
  calibrate: 'none' | 'content-free';
}

const choice = z.strictObject({
  count: z.int().min(0).max(1000),
  select: z.enum(['fixed', 'random', 'nearest']).default('fixed'),
  seed: z.int().min(0).default(0),
});

/** What a candidates file may hold. */
const candidatesSchema = z.strictObject({
  instructions: z.array(z.string()).default([]),
  forms: z.array(z.string().min(1)).default([]),
  separators: z.array(z.string()).default([]),
  labels: z.array(z.record(z.string(), z.string().min(1))).default([]),
  examples: z.array(choice).default([]),
  /** Whether variations are made by rule too. */
  rules: z.boolean().default(true),
  /** Most candidates. */
  most: z.int().min(2).max(4096).optional(),
});

export type CandidatesFile = z.output<typeof candidatesSchema>;

export const noCandidates: CandidatesFile = candidatesSchema.parse({});

/** @throws InputError with file and line */
export function readCandidatesFile(path: string): CandidatesFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  return readYaml(text, candidatesSchema, path);
}

/** The prompt file as a candidate: the first of all. */
export function seedCandidate(file: PromptFile): Candidate {
  const { settings, body } = file;
  const { output, examples } = settings;
  const after = body.bridge.length > 0;
  return {
    instruction: templateSource(after ? body.bridge : body.introduction).trimEnd(),
    place: after ? 'after' : 'before',
    form: `${templateSource(body.turn)}{{answer}}${body.ending}`,
    separator: examples.separator,
    labels: output.kind === 'labels' ? output.labels : null,
    examples: {
      count: examples.count ?? file.pool.length,
      select: examples.select,
      seed: examples.select === 'fixed' ? null : examples.seed,
    },
    calibrate: output.kind === 'labels' ? output.calibrate : 'none',
  };
}

/** The candidate as a prompt file. @param pool examples to choose from */
export function candidatePrompt(seed: PromptFile, candidate: Candidate, pool: readonly Example[]): PromptFile {
  const { instruction, place, form, examples, labels, calibrate, separator } = candidate;
  const text = instruction === '' ? '' : `${instruction}\n\n`;
  const source = place === 'before' ? `${text}{{examples}}\n${form}` : `{{examples}}\n${text}{{turn}}\n${form}`;
  const { output } = seed.settings;
  const settings: Settings = {
    ...seed.settings,
    output: output.kind === 'labels' && labels ? { ...output, labels: { ...labels }, calibrate } : output,
    examples: { count: examples.count, select: examples.select, seed: examples.seed ?? 0, separator },
  };
  return { path: seed.path, settings, body: parseBody(source, seed.path), pool: poolOf(seed, examples, pool) };
}

/** A short name that depends on all that the candidate is. */
export function candidateName(candidate: Candidate): string {
  return sha256(JSON.stringify(candidate)).slice(0, 8);
}

/** The examples a choice draws on: a fixed set is drawn here, by its seed, an equal number of each label. */
function poolOf(seed: PromptFile, { count, select, seed: draw }: ExampleChoice, pool: readonly Example[]): Example[] {
  if (select !== 'fixed') return [...pool];
  if (draw === null) return [...seed.pool];
  const shuffled = new Random(draw, 0xe8a).shuffle([...pool]);
  const { output } = seed.settings;
  const chosen = (output.kind === 'labels' ? inTurns(shuffled, Object.keys(output.labels)) : shuffled).slice(0, count);
  return new Random(draw, 0x0bde).shuffle(chosen);
}

/**
 * All candidates to try, the seed first.
 * @param pool examples to choose from; without any, no candidate shows examples
 * @throws InputError for an instruction, form or label set that does not fit the seed's inputs and labels
 */
export function makeCandidates(
  file: PromptFile,
  given: CandidatesFile,
  pool: readonly Example[],
  { seed = 0, most = given.most ?? 48 }: { seed?: number; most?: number } = {},
): Candidate[] {
  const first = seedCandidate(file);
  const values = axes(file, first, given, pool.length);
  const all = new Map<string, Candidate>();
  const add = (candidate: Candidate): void => {
    if (all.size < most && isWhole(candidate)) all.set(candidateName(candidate), candidate);
  };
  add(first);
  const combinations = values.reduce((product, { options }) => product * options.length, 1);
  if (combinations <= most) for (let i = 0; i < combinations; i++) add(combination(first, values, i));
  for (const { options } of values) for (const option of options) add({ ...first, ...option });
  const random = new Random(seed, 0xca4d);
  for (let tries = 0; all.size < Math.min(most, combinations) && tries < most * 20; tries++)
    add(values.reduce((candidate, { options }) => ({ ...candidate, ...options[random.int(options.length)]! }), first));
  const candidates = [...all.values()];
  for (const candidate of candidates) checkCandidate(file, candidate, pool);
  return candidates;
}

interface Axis {
  options: readonly Partial<Candidate>[];
}

function combination(first: Candidate, values: readonly Axis[], number: number): Candidate {
  let rest = number;
  return values.reduce((candidate, { options }) => {
    const option = options[rest % options.length]!;
    rest = Math.floor(rest / options.length);
    return { ...candidate, ...option };
  }, first);
}

/** Without an instruction its place says nothing; without examples the separator and the place say nothing. */
function isWhole({ instruction, place, examples, separator }: Candidate): boolean {
  if (place === 'after' && (instruction === '' || examples.count === 0)) return false;
  return examples.count > 0 || separator === '\n\n' || separator === '';
}

function axes(file: PromptFile, first: Candidate, given: CandidatesFile, poolSize: number): Axis[] {
  const { rules } = given;
  const { output, input } = file.settings;
  const instructions = [
    first.instruction,
    ...given.instructions.flatMap((text) => paraphrases(text.trimEnd(), file.path)),
  ];
  const withRules = rules
    ? [...instructions, '', ...instructions.flatMap((text) => withLabels(text, output))]
    : instructions;
  const forms = [first.form, ...given.forms, ...(rules ? commonForms(Object.keys(input), output) : [])];
  const separators = [first.separator, ...given.separators, ...(rules ? ['\n\n', '\n'] : [])];
  const named = (first.labels ? [first.labels] : []).concat(given.labels, rules ? namesOf(first.labels) : []);
  const shown: ExampleChoice[] = [
    first.examples,
    ...given.examples,
    ...(rules
      ? [0, 2, 4, 8].flatMap((count) =>
          (count === 0 ? [0] : [1, 2]).map((seed) => ({ count, select: 'fixed' as const, seed })),
        )
      : []),
  ].filter(({ count }) => count === 0 || count <= poolSize || count === first.examples.count);
  return [
    { options: unique(withRules).map((instruction) => ({ instruction })) },
    { options: unique(forms).map((form) => ({ form })) },
    { options: uniqueBy(shown, JSON.stringify).map((examples) => ({ examples })) },
    { options: uniqueBy(named, JSON.stringify).map((labels) => ({ labels })) },
    { options: unique(separators).map((separator) => ({ separator })) },
    { options: rules ? [{ place: 'before' }, { place: 'after' }] : [{ place: first.place }] },
    {
      options:
        rules && first.labels
          ? [{ calibrate: 'none' }, { calibrate: 'content-free' }]
          : [{ calibrate: first.calibrate }],
    },
  ].filter(({ options }) => options.length > 0) as Axis[];
}

/** Most texts that one instruction with slots stands for. */
const MOST_PARAPHRASES = 32;

/** `[[Say|Tell]] whether …` stands for a text with each of the words. */
export function paraphrases(text: string, where: string): string[] {
  const parts = text.split(/\[\[([^\]]*)\]\]/);
  let all = [''];
  parts.forEach((part, i) => {
    all = all.flatMap((begun) => (i % 2 === 0 ? [part] : part.split('|')).map((next) => begun + next));
    if (all.length > MOST_PARAPHRASES)
      throw new InputError(
        `${where}: the slots of an instruction stand for more than ${MOST_PARAPHRASES} texts: "${text.slice(0, 60)}"`,
      );
  });
  return all;
}

/** The instruction with the list of labels after it, or without a line that lists them. */
function withLabels(text: string, output: Settings['output']): string[] {
  if (output.kind !== 'labels' || text === '') return [];
  const without = text
    .split('\n')
    .filter((line) => !line.includes('{{labels}}'))
    .join('\n')
    .trimEnd();
  return without === text ? [`${text}\nAnswer with one of: {{labels}}.`] : without === '' ? [] : [without];
}

/** Ways of writing question and answer that models have seen much of. */
function commonForms(inputs: readonly string[], output: Settings['output']): string[] {
  const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
  const [only] = inputs;
  const lines = inputs.map((name) => `${capital(name)}: {{${name}}}`).join('\n');
  const last = output.kind === 'labels' ? 'Label' : 'Answer';
  const forms = [`${lines}\n${last}: {{answer}}`, `${lines}\n=> {{answer}}`];
  if (only === undefined || inputs.length > 1) return forms;
  return [
    ...forms,
    `Q: {{${only}}}\nA: {{answer}}`,
    `Input: {{${only}}}\nOutput: {{answer}}`,
    `{{${only}}}\n{{answer}}`,
  ];
}

/** Labels written as they are called, and with a capital. */
function namesOf(labels: Candidate['labels']): Record<string, string>[] {
  if (!labels) return [];
  const names = Object.keys(labels);
  const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
  return [
    Object.fromEntries(names.map((name) => [name, name])),
    Object.fromEntries(names.map((name) => [name, capital(name)])),
  ];
}

function checkCandidate(file: PromptFile, candidate: Candidate, pool: readonly Example[]): void {
  const { input, output } = file.settings;
  if (output.kind === 'labels') {
    const [wanted, found] = [Object.keys(output.labels), Object.keys(candidate.labels ?? {})];
    if (wanted.length !== found.length || wanted.some((label) => !found.includes(label)))
      throw new InputError(`words for labels must name ${wanted.join(', ')}; given: ${found.join(', ')}`);
    if (new Set(Object.values(candidate.labels ?? {})).size < wanted.length)
      throw new InputError(`two labels are written alike: ${JSON.stringify(candidate.labels)}`);
  }
  const form = variablesOf(parseTemplate(candidate.form, file.path)).map(({ variable }) => variable);
  if (!form.includes('answer')) throw new InputError(`a form needs {{answer}}: ${JSON.stringify(candidate.form)}`);
  const { body } = candidatePrompt(file, candidate, pool);
  const used = variablesOf([...body.introduction, ...body.bridge, ...body.turn]).map(({ variable }) => variable);
  const known = [...Object.keys(input), ...(output.kind === 'labels' ? ['labels'] : [])];
  const stranger = used.find((name) => !known.includes(name));
  if (stranger !== undefined)
    throw new InputError(`{{${stranger}}} of a candidate is not an input; there are: ${known.join(', ')}`);
  const missing = Object.keys(input).find((name) => !used.includes(name));
  if (missing !== undefined)
    throw new InputError(`a candidate does not use the input "${missing}": ${JSON.stringify(candidate.form)}`);
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function uniqueBy<T>(values: readonly T[], key: (value: T) => string): T[] {
  return [...new Map(values.map((value) => [key(value), value])).values()];
}
