/** Personal data: found, and masked with a placeholder a kind. */
import * as z from 'zod';
import { count, type Step } from '../step.js';
import { findPersonalData } from './find.js';
import { personalKinds, type PersonalKind } from './span.js';

export { findPersonalData } from './find.js';
export { personalKinds, type PersonalKind, type Span } from './span.js';

export const piiOptions = z.strictObject({
  kinds: z.array(z.enum(personalKinds)).default([...personalKinds]),
  /** Masks what is found, or drops the text that holds it. */
  action: z.enum(['mask', 'drop']).default('mask'),
});

/** A mask seldom uncovers anything, and what it uncovers hardly ever more. */
const MAX_ROUNDS = 8;

/**
 * A text with its personal data replaced by <EMAIL>, <PHONE> and so on, and the kinds of what was replaced. Done again until
 * nothing is found: a number beside another may stand free only when that one is masked.
 */
export function maskPersonalData(
  text: string,
  kinds: ReadonlySet<PersonalKind> = new Set(personalKinds),
): { text: string; masked: PersonalKind[] } {
  const masked: PersonalKind[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const found = findPersonalData(text, kinds);
    if (found.length === 0) break;
    let rest = '';
    let end = 0;
    for (const { kind, start, end: behind } of found) {
      rest += `${text.slice(end, start)}<${kind.toUpperCase()}>`;
      end = behind;
      masked.push(kind);
    }
    text = rest + text.slice(end);
  }
  return { text, masked };
}

export function pii(options: z.infer<typeof piiOptions>): Step {
  const kinds = new Set(options.kinds);
  return (text, facts) => {
    const result = maskPersonalData(text, kinds);
    for (const kind of result.masked) count(facts, `pii.${kind}`);
    if (options.action === 'mask' || result.masked.length === 0) return result.text;
    return { drop: `pii.${result.masked[0]!}`, detail: `${result.masked.length} pieces of personal data > 0` };
  };
}
