/** Text as it was meant: normal form C, no mojibake, no leftover entities, nothing invisible, line feeds for line ends. */
import * as z from 'zod';
import { decodeEntities } from './entities.js';
import { removeInvisible } from './invisible.js';
import { repairMojibake } from './mojibake.js';
import { count, type Step } from './step.js';

export const unicodeOptions = z.strictObject({
  /** Normalisation to form C (Unicode Standard Annex 15). */
  normalize: z.boolean().default(true),
  /** Repair of UTF-8 that was decoded as windows-1252 or Latin-1. */
  mojibake: z.boolean().default(true),
  /** HTML entities that were left over, in texts without tags. */
  entities: z.boolean().default(true),
  /** Control characters, zero-width junk, byte-order marks, line ends. */
  invisible: z.boolean().default(true),
});

/** Below U+0300 everything is in form C already. */
const mayCompose = /[\u0300-\uffff]/;

/** What one repair uncovers another may repair; more rounds than this only come of tests. */
const MAX_ROUNDS = 8;

/** Never drops; curly quotes, dashes and spaces stay as they are. Applying it twice changes nothing more. */
export function unicode(options: z.infer<typeof unicodeOptions>): Step {
  return (text, facts) => {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = text;
      if (options.entities) {
        const { text: plain, decoded } = decodeEntities(text);
        count(facts, 'unicode.entities', decoded);
        text = plain;
      }
      if (options.mojibake) {
        const { text: meant, repaired } = repairMojibake(text);
        count(facts, 'mojibake.repaired', repaired);
        text = meant;
      }
      if (options.invisible) {
        const { text: visible, removed } = removeInvisible(text);
        count(facts, 'unicode.removed', removed);
        text = visible;
      }
      if (options.normalize && mayCompose.test(text)) {
        const composed = text.normalize('NFC');
        if (composed !== text) count(facts, 'unicode.normalized');
        text = composed;
      }
      if (text === before) break;
    }
    return text;
  };
}
