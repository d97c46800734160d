/** Makes the cleaner of a configuration: loads what its steps need and applies them in order. */
import type { SourceDocument } from '../document.js';
import { boilerplate } from './boilerplate.js';
import { c4 } from './c4.js';
import { stepNames, type CleanConfig, type StepName } from './config.js';
import { decontaminate } from './decontaminate.js';
import { fineweb } from './fineweb.js';
import { gopherQuality } from './gopher-quality.js';
import { gopherRepetition } from './gopher-repetition.js';
import { language, noteLanguage } from './language.js';
import { ByteModel } from './perplexity.js';
import { pii } from './personal/index.js';
import { classifierQuality, perplexityQuality } from './quality.js';
import type { Services } from './services.js';
import type { Drop, Facts, Step } from './step.js';
import { toxicity } from './toxicity.js';
import { unicode } from './unicode.js';
import { WordScanner } from './words.js';

/** Cleans a document: its text, changed or not, or why it is dropped, and what was learnt of it. */
export type Cleaner = (document: SourceDocument) => { text: string; facts: Facts } | (Drop & { facts: Facts });

/**
 * Makes the steps that are switched on.
 * @throws InputError for a classifier, model or test set that cannot be read or has no such label. The cleaner throws RunError
 * where a scorer fails.
 */
export function makeSteps(config: CleanConfig, services: Services): { name: StepName; apply: Step }[] {
  const scanner = new WordScanner();
  const makers: Record<StepName, () => Step | null> = {
    unicode: () => whenOn(config.unicode, unicode),
    boilerplate: () => whenOn(config.boilerplate, boilerplate),
    c4: () => whenOn(config.c4, c4),
    language: () => whenOn(config.language, (o) => language(o, services.identifyLanguage)),
    gopherRepetition: () => whenOn(config.gopherRepetition, (o) => gopherRepetition(o, scanner)),
    gopherQuality: () =>
      whenOn(config.gopherQuality, (o) =>
        gopherQuality(o, scanner, (text, facts) => noteLanguage(text, facts, services.identifyLanguage)),
      ),
    fineweb: () => whenOn(config.fineweb, (o) => fineweb(o, scanner)),
    quality: () => {
      const options = config.quality;
      if (options === false) return null;
      return 'classifier' in options
        ? classifierQuality(options, services.loadClassifier(options.classifier))
        : perplexityQuality(options.maxPerplexity, ByteModel.load(options.model));
    },
    toxicity: () =>
      whenOn(config.toxicity, (o) =>
        toxicity(o, o.classifier === undefined ? services.toxicityClassifier() : services.loadClassifier(o.classifier)),
      ),
    decontaminate: () =>
      config.decontaminate === false
        ? null
        : decontaminate(services.loadTestSets(config.decontaminate.files, config.decontaminate.ngram)),
    pii: () => whenOn(config.pii, pii),
  };
  return stepNames.flatMap((name) => {
    const apply = makers[name]();
    return apply ? [{ name, apply }] : [];
  });
}

/** Applies steps in order until one drops the text, or leaves nothing of it. */
export function cleanerOf(steps: readonly { name: string; apply: Step }[]): Cleaner {
  return ({ text: original }) => {
    const facts: Facts = { counts: {} };
    let text = original;
    for (const { name, apply } of steps) {
      const result = apply(text, facts);
      if (typeof result !== 'string') return { ...result, facts };
      if (result !== text && result.trim() === '') return { drop: `${name}.empty`, detail: 'nothing is left', facts };
      text = result;
    }
    return { text, facts };
  };
}

/** A step with its options, or none where it is off. */
function whenOn<T>(options: T | false, make: (options: T) => Step): Step | null {
  return options === false ? null : make(options);
}
