/** A tiny base that reads bytes, and pairs with a preference that can be learned, for tests. */
import { join } from 'node:path';
import { Random } from '../io/hash-random.js';
import { type Base, loadBase, type TunedPlan } from '../tune/index.js';
import { loraTargets } from '../model/index.js';
import { writeTinyModel } from '../tune/fixtures.js';
import { encodeAnswer, type PreferencePair, type Thumb } from './preferences/index.js';

export function tinyBase(folder: string): Base {
  return loadBase(join(writeTinyModel(folder)), 'f32');
}

/** LoRA on all matrices, or all weights. */
export function tinyPlan(base: Base, weights: 'lora' | 'full', seed = 1): TunedPlan {
  const targets = [...loraTargets(base.model.config)];
  return {
    seed,
    start: { adapter: null, init: 'vocabulary', text: null },
    adapter:
      weights === 'full'
        ? null
        : { kind: 'lora', rank: 4, alpha: 8, rslora: false, dora: false, targets, modulesToSave: [] },
  };
}

/** Answers of letters, of which the one with more of the letter e is better. */
export function letterPairs(base: Base, count: number, seed = 1): PreferencePair[] {
  const random = new Random(seed);
  const letters = (share: number, length: number): string =>
    Array.from({ length }, () => (random.uniform() < share ? 'e' : 'abcd'[random.int(4)]!)).join('');
  const options = { tokenizer: base.tokenizer, template: null, context: 48 };
  return Array.from({ length: count }, (_, i) => {
    const prompt = letters(0.3, 3 + random.int(6));
    const length = 3 + random.int(6);
    const where = `pairs.jsonl:${i + 1}`;
    const chosen = { ...encodeAnswer(options, prompt, letters(0.8, length)), where };
    const rejected = { ...encodeAnswer(options, prompt, `${letters(0.1, length - 1)}a`), where };
    return { prompt, chosen, rejected, margin: null, where };
  });
}

/** Each pair as a good answer and a bad one. */
export function bothThumbs(pairs: readonly PreferencePair[]): Thumb[] {
  return pairs.flatMap(({ prompt, chosen, rejected, where }) => [
    { prompt, example: chosen, good: true, where },
    { prompt, example: rejected, good: false, where },
  ]);
}
