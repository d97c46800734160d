/** Prompts that ask for a label: examples, if any, then the text, in one form. */
import type { Labelled } from '../classify/index.js';
import type { LanguageModel } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import { Random } from '../io/hash-random.js';
import { promptSequence } from './sequences.js';

/** What stands for the text. */
const TEXT = '{text}';
export const defaultLabelPrompt = `Text: ${TEXT}\nLabel:`;
/** Texts without content, as calibration asks for them (Zhao et al. 2021). */
const CONTENT_FREE = ['N/A', '', '[MASK]'];

export interface LabelPrompts {
  prompts: string[];
  /** For `calibrate: 'content-free'`. */
  contentFree: string[];
  /** Labels as they follow the prompts: behind a space, unless the form ends with white space. */
  continuations: string[];
  /** Texts that were cut at the end to fit. */
  cut: number;
}

/**
 * @param form holds `{text}` once
 * @param examples texts whose labels are shown, in this order
 * @throws InputError for a form without `{text}`, or examples that leave no room
 */
export function labelPrompts(
  lm: LanguageModel,
  texts: readonly string[],
  labels: readonly string[],
  form = defaultLabelPrompt,
  examples: Labelled = { names: [...labels], texts: [], labels: new Uint8Array(0) },
): LabelPrompts {
  if (form.split(TEXT).length !== 2) throw new InputError(`the prompt must have ${TEXT} in it, once: ${form}`);
  const space = /\s$/.test(form) ? '' : ' ';
  const fill = (text: string): string => form.replace(TEXT, () => text);
  const shown = examples.texts
    .map((text, i) => `${fill(text)}${space}${examples.names[examples.labels[i]!]!}\n\n`)
    .join('');
  const continuations = labels.map((label) => space + label);
  const longest = continuations.reduce((most, label) => Math.max(most, lm.tokenizer.encode(label).length), 0);
  const room = lm.model.config.context - longest - 1; // a label may be a token longer behind its prompt
  const size = (text: string): number => promptSequence(lm, shown + fill(text)).length;
  if (size('') >= room)
    throw new InputError(
      `the prompt without its text takes ${size('')} tokens, and the context has ${lm.model.config.context}: take fewer or shorter examples`,
    );
  let cut = 0;
  const prompts = texts.map((text) => {
    const fits = beginningThatFits(text, (part) => size(part) <= room);
    if (fits.length < text.length) cut++;
    return shown + fill(fits);
  });
  return { prompts, contentFree: CONTENT_FREE.map((text) => shown + fill(text)), continuations, cut };
}

/** The longest beginning that fits, found by halving; it does not end within a character. */
export function beginningThatFits(text: string, fits: (part: string) => boolean): string {
  if (fits(text)) return text;
  let [low, high] = [0, text.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(text.slice(0, middle))) low = middle;
    else high = middle;
  }
  return text.slice(0, /[\ud800-\udbff]$/.test(text.slice(0, low)) ? low - 1 : low);
}

/** `count` examples, the labels in turn, of random texts no longer than the median one. */
export function chooseExamples(data: Labelled, count: number, seed: number): Labelled {
  const lengths = data.texts.map(({ length }) => length).sort((a, b) => a - b);
  const median = lengths[lengths.length >> 1] ?? 0;
  const random = new Random(seed);
  const byLabel = data.names.map((_, k) =>
    random.shuffle([...data.texts.keys()].filter((i) => data.labels[i] === k && data.texts[i]!.length <= median)),
  );
  const chosen: number[] = [];
  for (let round = 0; chosen.length < count && byLabel.some((own) => round < own.length); round++)
    for (const own of byLabel) if (round < own.length && chosen.length < count) chosen.push(own[round]!);
  return {
    names: data.names,
    texts: chosen.map((i) => data.texts[i]!),
    labels: Uint8Array.from(chosen, (i) => data.labels[i]!),
  };
}
