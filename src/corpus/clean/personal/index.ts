/** Personal data: found, and masked with a placeholder a kind. */
import * as z from 'zod';
import { count, type Step } from '../step.js';
import { findPersonalData } from './find.js';
import { personalKinds, type PersonalKind, type Span } from './span.js';

export { findPersonalData } from './find.js';
export { personalKinds, type PersonalKind, type Span } from './span.js';

export const piiOptions = z.strictObject({
  kinds: z.array(z.enum(personalKinds)).default([...personalKinds]),
  /** Masks what is found, or drops the text that holds it. */
  action: z.enum(['mask', 'drop']).default('mask'),
});

/** A text with its personal data replaced by <EMAIL>, <PHONE> and so on. */
export function maskPersonalData(
  text: string,
  kinds: ReadonlySet<PersonalKind> = new Set(personalKinds),
): { text: string; found: Span[] } {
  const found = findPersonalData(text, kinds);
  if (found.length === 0) return { text, found };
  let masked = '';
  let end = 0;
  for (const span of found) {
    masked += `${text.slice(end, span.start)}<${span.kind.toUpperCase()}>`;
    end = span.end;
  }
  return { text: masked + text.slice(end), found };
}

export function pii(options: z.infer<typeof piiOptions>): Step {
  const kinds = new Set(options.kinds);
  return (text, facts) => {
    const masked = maskPersonalData(text, kinds);
    for (const { kind } of masked.found) count(facts, `pii.${kind}`);
    if (options.action === 'mask' || masked.found.length === 0) return masked.text;
    const { kind } = masked.found[0]!;
    return { drop: `pii.${kind}`, detail: `${masked.found.length} pieces of personal data > 0` };
  };
}
