/**
 * IP addresses. Those that name no machine in the world stay: unspecified, loopback, private, link-local, multicast, netmasks.
 * The ranges for documentation are masked: they stand for real ones. Numbers of versions and sections are not addresses.
 */
import { isIPv6 } from 'node:net';
import { isWordUnit } from './span.js';

const version =
  /(?:\bv|\b(?:version|ver|release|rel|build|firmware|section|chapter|article|rev|revision)\.?:?\s*|[a-z]\/)$/i;

/** Whether four numbers with dots are an address that may lead to someone. `before` is the text in front, some characters of it. */
export function isPersonalIPv4(written: string, before: string): boolean {
  const parts = written.split('.');
  if (parts.length !== 4) return false;
  if (parts.some((part) => part.length > 3 || Number(part) > 255 || (part.length > 1 && part.startsWith('0'))))
    return false;
  // "1.2.3.4" is more often a section or a version, and "8.8.8.8" nobody's own.
  if (written.length === 7 || version.test(before)) return false;
  const [a, b] = parts.map(Number) as [number, number];
  return !(
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254)
  );
}

/** A run of hexadecimal digits and colons that is an address of IPv6 and not the like of "std::cc". */
export function isPersonalIPv6(written: string): boolean {
  const address = written.toLowerCase();
  if (!isIPv6(address)) return false;
  if (/^(?:::1?$|fe[89ab]|f[cd]|ff)/.test(address)) return false;
  const groups = address.split(':').filter(Boolean);
  return groups.length >= 2 && address.length >= 7 && /\d/.test(address);
}

/** The address of IPv6 around a colon, as offsets, or null. */
export function ipv6Around(text: string, colon: number): { start: number; end: number } | null {
  const part = /[0-9a-fA-F:]/;
  let start = colon;
  while (start > 0 && colon - start < 45 && part.test(text[start - 1]!)) start--;
  let end = colon + 1;
  while (end < text.length && end - colon < 45 && part.test(text[end]!)) end++;
  if (text[end - 1] === ':' && text[end - 2] !== ':') end--;
  if ((start > 0 && isWordUnit(text.charCodeAt(start - 1))) || (end < text.length && isWordUnit(text.charCodeAt(end))))
    return null;
  return isPersonalIPv6(text.slice(start, end)) ? { start, end } : null;
}
