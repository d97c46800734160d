/** E-mail addresses: found from their @, so that text without one costs nothing. */
import type { Span } from './span.js';

/** What stands before the @ (RFC 5322's atoms, as far as they are used, and letters of any script). */
const local = /(?:[\p{L}\p{N}_%+~#$&'*/=?^`{|}!-]+\.)*[\p{L}\p{N}_%+~#$&'*/=?^`{|}!-]+$/u;
/** What stands behind it: labels of a host, the last of letters. */
const host =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+(?:xn--[a-z0-9-]{2,59}|[\p{L}]{2,24})(?![\p{L}\p{N}@])/u;
/** Names of files are not hosts ("icon@2x.png"). */
const fileName = /\.(?:png|jpe?g|gif|svg|webp|css|js|ts|json|html?|pdf|md|txt|tgz|gz|zip|whl|jar)$/i;
/** Quotes and brackets around an address, and what introduces it in a link, are not part of it. */
const leading = /^(?:mailto:|[^\p{L}\p{N}_+])+/iu;

/** Also "name (at) host (dot) com" and "name [at] host.com". */
const spelledOut =
  /[a-z0-9][\w.+-]{0,63}\s{0,2}[([{<]\s?at\s?[)\]}>]\s{0,2}[a-z0-9-]{1,63}(?:\s{0,2}(?:\.|[([{<]\s?dot\s?[)\]}>])\s{0,2}[a-z0-9-]{2,63}){1,4}/gi;
const spelledAt = /[([{<]\s?at\s?[)\]}>]/i;

export function findEmails(text: string, ats: readonly number[]): Span[] {
  const found: Span[] = [];
  let last = 0;
  for (const at of ats) {
    const behind = host.exec(text.slice(at + 1, at + 256));
    if (!behind || fileName.test(behind[0])) continue;
    const from = Math.max(last, at - 64);
    const before = local.exec(text.slice(from, at));
    if (!before) continue;
    const name = before[0];
    const skipped = leading.exec(name)?.[0].length ?? 0;
    if (skipped === name.length) continue;
    last = at + 1 + behind[0].length;
    found.push({ kind: 'email', start: at - name.length + skipped, end: last });
  }
  if (spelledAt.test(text))
    for (const match of text.matchAll(spelledOut))
      found.push({ kind: 'email', start: match.index, end: match.index + match[0].length });
  return found;
}
