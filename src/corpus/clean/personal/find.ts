/** All personal data in a text. */
import { findEmails } from './email.js';
import { ipv6Around } from './ip.js';
import { findNumbers } from './number.js';
import { scan } from './scan.js';
import { findSecrets } from './secret.js';
import type { PersonalKind, Span } from './span.js';
import { isWallet } from './wallet.js';

/** Spans of personal data of the given kinds, from the left, none over another: where two meet, the longer one stands. */
export function findPersonalData(text: string, kinds: ReadonlySet<PersonalKind>): Span[] {
  const { ats, digits, colons, tokens } = scan(text);
  const found = [
    ...(ats.length > 0 || text.includes('at)') || text.includes('at]') ? findEmails(text, ats) : []),
    ...findNumbers(text, digits),
    ...findAddresses(text, colons),
    ...findSecrets(text, tokens),
    ...findWallets(text, tokens),
  ].filter(({ kind }) => kinds.has(kind));
  return withoutOverlaps(found);
}

function findAddresses(text: string, colons: readonly number[]): Span[] {
  const found: Span[] = [];
  let done = 0;
  for (const [i, colon] of colons.entries()) {
    // An address has two colons at least, at most five characters apart.
    if (colon < done || !(colons[i + 1]! - colon <= 5)) continue;
    const address = ipv6Around(text, colon);
    done = address?.end ?? colon + 45;
    if (address) found.push({ kind: 'ip', ...address });
  }
  return found;
}

const longWord = /[A-Za-z0-9]{14,}/g;

function findWallets(text: string, tokens: readonly number[]): Span[] {
  const found: Span[] = [];
  for (const start of tokens) {
    const token = text.slice(start, start + 160).split(/\s/, 1)[0]!;
    for (const match of token.matchAll(longWord))
      if (isWallet(match[0]))
        found.push({ kind: 'wallet', start: start + match.index, end: start + match.index + match[0].length });
  }
  return found;
}

function withoutOverlaps(spans: readonly Span[]): Span[] {
  if (spans.length < 2) return [...spans];
  const byStart = spans.toSorted((a, b) => a.start - b.start);
  const kept: Span[] = [];
  for (const span of byStart) {
    const last = kept.at(-1);
    if (!last || last.end <= span.start) kept.push(span);
    else if (span.end - span.start > last.end - last.start) kept[kept.length - 1] = span;
  }
  return kept;
}
