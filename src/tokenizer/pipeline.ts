/** The steps of a {@link BpeSpec} that come before BPE, as functions of text. */
import { gpt2Pattern, patternPresets, type PatternPreset } from './pattern.js';
import { scannerOf, scanWhole, type Scanner } from './scan.js';
import type { Normalizer, PreTokenizer } from './spec.js';
import { literalSplitter, markSplitter, patternSplitter, type Splitter } from './split.js';

/** The pre-tokenisation step of SentencePiece. */
export type Metaspace = Extract<PreTokenizer, { type: 'Metaspace' }>;

/** Applies the normalisers in order. */
export function normalize(text: string, normalizers: readonly Normalizer[]): string {
  for (const step of normalizers) {
    if (step.type === 'Prepend') text = text === '' ? '' : step.prepend + text;
    else if (step.type === 'Replace') text = text.replaceAll(step.pattern, () => step.content);
    else text = text.normalize(step.type);
  }
  return text;
}

/** A section with the signs for spaces in it; `first`: it is the beginning of the whole text. */
export function withMetaspace(section: string, { replacement, prepend }: Metaspace, first: boolean): string {
  const text = section.replaceAll(' ', replacement);
  const wanted = prepend === 'always' || (prepend === 'first' && first);
  return wanted && text !== '' && !text.startsWith(replacement) ? replacement + text : text;
}

/** The cut that a pre-tokenisation step makes: one, or none. */
export function splitterOf(step: PreTokenizer): Splitter[] {
  switch (step.type) {
    case 'ByteLevel':
      if (!step.useRegex && !step.addPrefixSpace) return [];
      return [patternSplitter(step.useRegex ? gpt2Pattern : String.raw`[\s\S]+`, true, step.addPrefixSpace ? ' ' : '')];
    case 'Split':
      return [(step.literal ? literalSplitter : patternSplitter)(step.pattern, step.keepsRest)];
    case 'Digits':
      return [patternSplitter(step.individual ? String.raw`\p{N}` : String.raw`\p{N}+`)];
    case 'Metaspace':
      return step.split ? [markSplitter(step.replacement, false)] : [];
  }
}

/** A scanner of bytes that cuts as byte-level steps do, or null where none is written for them. */
export function scannerOfSteps(steps: readonly PreTokenizer[]): Scanner | null {
  const scanners = steps.flatMap((step): (Scanner | null)[] => {
    if (step.type === 'Split') return [step.keepsRest && !step.literal ? scannerOf(step.pattern) : null];
    if (step.type !== 'ByteLevel' || step.addPrefixSpace) return [null];
    return step.useRegex ? [scannerOf(gpt2Pattern)] : [];
  });
  return scanners.length > 1 ? null : scanners[0] === undefined ? scanWhole : scanners[0];
}

/** The steps of a byte-level tokenizer that cuts by a preset. */
export function preTokenizersOf(pattern: PatternPreset): PreTokenizer[] {
  if (pattern === 'gpt2') return [{ type: 'ByteLevel', addPrefixSpace: false, useRegex: true }];
  return [
    { type: 'Split', pattern: patternPresets[pattern], literal: false, keepsRest: true },
    { type: 'ByteLevel', addPrefixSpace: false, useRegex: false },
  ];
}
