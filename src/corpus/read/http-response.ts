/** A response of HTTP as it was recorded: status, type and body. */
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

/** Longest body in bytes, decoded. */
const MAX_BODY = 1 << 25;

export interface HttpResponse {
  status: number;
  /** Media type in lower case, without parameters. */
  type: string;
  charset: string | null;
  /** Without transfer and content encoding. */
  body: Buffer;
}

/** The response in a block, or what is wrong with it. */
export function parseResponse(block: Buffer): HttpResponse | { reason: string } {
  const head = /^HTTP\/[\d.]+ +(\d{3})[^\n]*\n([\s\S]*?)(?:\r?\n){1}\r?\n|^HTTP\/[\d.]+ +(\d{3})/.exec(
    block.subarray(0, 1 << 17).toString('latin1'),
  );
  if (!head || head[1] === undefined) return { reason: 'it holds no response of HTTP' };
  const fields = new Map<string, string>();
  for (const line of head[2]!.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const { type, charset } = mediaType(fields.get('content-type') ?? '');
  let body = block.subarray(head[0].length);
  if (/chunked/i.test(fields.get('transfer-encoding') ?? '')) body = unchunked(body) ?? body;
  const coding = (fields.get('content-encoding') ?? '').toLowerCase();
  const plain = decoded(body, coding);
  if (plain === null) return { reason: `its body cannot be decoded (${coding})` };
  return { status: Number(head[1]), type, charset, body: plain };
}

/** The parts of a Content-Type. */
export function mediaType(value: string): { type: string; charset: string | null } {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(value)?.[1] ?? null;
  return { type: value.split(';', 1)[0]!.trim().toLowerCase(), charset };
}

/** A chunked body joined (RFC 9112, section 7.1); null where it is not chunked, as with archives that joined it already. */
function unchunked(body: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const end = body.indexOf(10, at);
    const size = end < 0 ? null : /^([0-9a-f]{1,8})\s*(;.*)?$/i.exec(body.subarray(at, end).toString('latin1').trim());
    if (!size) return parts.length === 0 ? null : Buffer.concat(parts);
    const length = Number.parseInt(size[1]!, 16);
    if (length === 0) break;
    parts.push(body.subarray(end + 1, end + 1 + length));
    at = end + 1 + length;
    if (body[at] === 13) at++;
    if (body[at] === 10) at++;
  }
  return Buffer.concat(parts);
}

function decoded(body: Buffer, coding: string): Buffer | null {
  const options = { maxOutputLength: MAX_BODY };
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  try {
    if (coding.includes('gzip')) return isGzip ? gunzipSync(body, options) : body;
    if (coding === 'deflate') return (body[0]! & 15) === 8 ? inflateSync(body, options) : inflateRawSync(body, options);
    // Archives often keep the header after having decoded the body.
    return coding === 'br' && !looksLikeMarkup(body) ? brotliDecompressSync(body, options) : body;
  } catch {
    return looksLikeMarkup(body) ? body : null;
  }
}

const looksLikeMarkup = (body: Buffer): boolean => /^\s*</.test(body.subarray(0, 64).toString('latin1'));
