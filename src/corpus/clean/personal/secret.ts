/** Keys, tokens and passwords: by the prefixes their issuers gave them, or by a name in front and entropy. */
import type { Span } from './span.js';

/** Issuers' own formats, found anywhere. */
const issued = new RegExp(
  [
    '(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AIPA|ANPA|ANVA|AROA)[A-Z0-9]{16}', // AWS
    'gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255}', // GitHub
    'gl(?:pat|ptt|dt|rt)-[A-Za-z0-9_-]{20,64}', // GitLab
    'xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{20,255}', // Slack
    'eyJ[A-Za-z0-9_-]{8,2048}\\.eyJ[A-Za-z0-9_-]{4,8192}\\.[A-Za-z0-9_-]{8,2048}', // JSON Web Token
    'AIza[A-Za-z0-9_-]{35}|ya29\\.[A-Za-z0-9_-]{20,255}', // Google
    '(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,255}|whsec_[A-Za-z0-9+/=]{24,255}', // Stripe
    'sk-(?:[a-z]+-)?[A-Za-z0-9_-]{20,255}', // OpenAI, Anthropic
    'hf_[A-Za-z0-9]{30,64}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,255}|dop_v1_[a-f0-9]{64}', // Hugging Face, npm, PyPI, DigitalOcean
    'SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{16,64}', // SendGrid
    '\\d{8,10}:[A-Za-z0-9_-]{35}', // Telegram
  ]
    .map((pattern) => `(?:${pattern})`)
    .join('|'),
  'y',
);

const webhook = /https:\/\/hooks\.slack\.com\/(?:services|workflows)\/[A-Za-z0-9/_-]{20,255}/g;

/** A key block, with its end or cut off. */
const pem =
  /-----BEGIN ((?:[A-Z]+ ){0,3}PRIVATE KEY(?: BLOCK)?)-----[\s\S]{0,20000}?(?:-----END \1-----|(?=-----BEGIN)|$)/g;

/** A name that says what follows, an assignment, and a value; the value alone is masked. */
const named =
  /(?:api[_-]?key|apikey|secret(?:[_-]?(?:access[_-]?)?key)?|access[_-]?(?:key|token)|auth[_-]?token|client[_-]?secret|private[_-]?key|encryption[_-]?key|token|passw(?:or)?d|pwd|bearer)["']?\s{0,3}(?::=|=>|[:=]|\s)\s{0,3}["'`]?(?:Bearer\s)?([A-Za-z0-9+/_.~=!@$%^&*-]{12,512})/gi;
const namedSign = /key|secret|token|passw|pwd|bearer/i;

/** Random letters and digits have about 3.5 bits a character from 16 characters on, words less than 3.3 and no digits. */
const MIN_BITS = 3;

/** `runs` are the starts of the unbroken runs of 16 characters or more in the text. */
export function findSecrets(text: string, runs: readonly number[]): Span[] {
  const found: Span[] = [];
  for (const start of runs) {
    // A run may hold the token behind other characters ("token=ghp_...").
    for (let at = start; at < text.length && at < start + 64 && /\S/.test(text[at]!); at++) {
      if (at > start && /[A-Za-z0-9]/.test(text[at - 1]!)) continue;
      issued.lastIndex = at;
      const match = issued.exec(text);
      if (!match || /[A-Za-z0-9]/.test(text[at + match[0].length] ?? '')) continue;
      found.push({ kind: 'key', start: at, end: at + match[0].length });
      break;
    }
  }
  if (text.includes('-----BEGIN ')) for (const match of text.matchAll(pem)) found.push(span(match.index, match[0]));
  if (text.includes('hooks.slack.com'))
    for (const match of text.matchAll(webhook)) found.push(span(match.index, match[0]));
  if (runs.length > 0 && namedSign.test(text))
    for (const match of text.matchAll(named)) {
      const value = match[1]!.replace(/[.!*]+$/, '');
      if (isRandom(value)) found.push(span(match.index + match[0].length - match[1]!.length, value));
    }
  return found;
}

function span(start: number, text: string): Span {
  return { kind: 'key', start, end: start + text.length };
}

/** Letters and digits without a pattern: enough entropy for what it is. */
export function isRandom(value: string): boolean {
  return value.length >= 12 && /\d/.test(value) && /[A-Za-z]/.test(value) && entropy(value) >= MIN_BITS;
}

/** Shannon entropy of the characters of a text, in bits a character. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const n of counts.values()) bits -= (n / text.length) * Math.log2(n / text.length);
  return bits;
}
