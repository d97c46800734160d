/** Files for the tests of the readers: written by the tests themselves, in a folder of their own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compress, init } from '@bokuweb/zstd-wasm';
import * as fc from 'fast-check';
import { afterAll } from 'vitest';
import xxhash from 'xxhash-wasm';
import type { SourceDocument } from '../document.js';
import { type PlanOptions, planUnits, type Problem, type ReadUnit, readUnit } from './index.js';

await init();
const { h64Raw } = await xxhash();

/** A folder that goes when the test file ends. */
export function folder(): { root: string; put: (name: string, content: string | Uint8Array) => string } {
  const root = mkdtempSync(join(tmpdir(), 'telar-read-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const put = (name: string, content: string | Uint8Array): string => {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };
  return { root, put };
}

/** Text of any characters but control characters and the byte-order mark. */
export const anyText = (maxLength = 60): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.integer({ min: 32, max: 0x7f }), fc.integer({ min: 0xa0, max: 0x10ffff })), { maxLength })
    .map((points) => String.fromCodePoint(...points).replace(/[\p{Cc}\p{Cs}\ufeff]/gu, ''));

export const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content) : content;

export const compressions = {
  none: { suffix: '', pack: bytesOf },
  gzip: { suffix: '.gz', pack: (content: string | Uint8Array): Uint8Array => gzipSync(content) },
  zstd: { suffix: '.zst', pack: (content: string | Uint8Array): Uint8Array => compress(Buffer.from(content), 3) },
};

/** A zstd frame of blocks as they are, with its checksum. */
export function rawZstd(content: Uint8Array, blockBytes = 1 << 16): Buffer {
  const parts = [Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x38)];
  for (let at = 0; ; at += blockBytes) {
    const block = content.subarray(at, at + blockBytes);
    const last = at + blockBytes >= content.length;
    const header = Buffer.alloc(3);
    header.writeUIntLE(block.length * 8 + Number(last), 0, 3);
    parts.push(header, Buffer.from(block));
    if (last) break;
  }
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(Number(h64Raw(content) & 0xffff_ffffn));
  return Buffer.concat([...parts, checksum]);
}

/** All documents of units, and what was skipped. */
export async function readUnits(
  units: readonly ReadUnit[],
  strict = false,
): Promise<{ documents: SourceDocument[]; problems: Problem[] }> {
  const documents: SourceDocument[] = [];
  const problems: Problem[] = [];
  for (const unit of units)
    for await (const document of readUnit(unit, { strict, onProblem: (problem) => problems.push(problem) }))
      documents.push(document);
  return { documents, problems };
}

export async function readPaths(paths: string | string[], options: Partial<PlanOptions> = {}) {
  const warnings: Problem[] = [];
  const units = await planUnits([paths].flat(), { warn: (problem) => warnings.push(problem), ...options });
  return { ...(await readUnits(units)), units, warnings };
}

export const texts = (read: { documents: SourceDocument[] }): string[] => read.documents.map(({ text }) => text);

/** A record of a WARC file; `length` is what its header says, by default the truth. */
export function warcRecord(
  fields: Record<string, string>,
  block: string | Uint8Array,
  length?: number | string,
): Buffer {
  const bytes = bytesOf(block);
  const head = Object.entries({ ...fields, 'Content-Length': String(length ?? bytes.length) });
  const header = `WARC/1.0\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(header), bytes, Buffer.from('\r\n\r\n')]);
}

export function response(
  url: string,
  body: string | Uint8Array,
  { type = 'text/html; charset=utf-8', status = '200 OK', headers = '', length = undefined as number | undefined } = {},
): Buffer {
  const head = `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\n${headers}\r\n`;
  const block = Buffer.concat([Buffer.from(head), bytesOf(body)]);
  const fields = {
    'WARC-Type': 'response',
    'WARC-Target-URI': url,
    'WARC-Date': '2026-01-02T03:04:05Z',
    'Content-Type': 'application/http; msgtype=response',
  };
  return warcRecord(fields, block, length);
}

export const conversion = (url: string, text: string, length?: number): Buffer =>
  warcRecord({ 'WARC-Type': 'conversion', 'WARC-Target-URI': url, 'Content-Type': 'text/plain' }, text, length);

/** A page with a menu around its paragraphs. */
export function page(paragraphs: readonly string[], { title = 'A page', head = '', lang = 'en' } = {}): string {
  const menu = `<nav><ul>${'<li><a href="/x">Home of links</a></li>'.repeat(8)}</ul></nav>`;
  const body = paragraphs.map((text) => `<p>${text}</p>`).join('\n');
  return (
    `<!doctype html><html lang="${lang}"><head>${head}<title>${title}</title><script>var menu = 1;</script></head>` +
    `<body>${menu}<main><article>${body}</article></main><footer>Copyright, all rights reserved</footer></body></html>`
  );
}

/** Sentences that a page is found to be about. */
export const prose = (topic: string): string =>
  `The ${topic} stands in the hall, where the weavers work, and its threads run from the beam to the cloth. ` +
  `Whoever watches the ${topic} for a while, with patience, sees the pattern grow, line by line, until evening.`;

/** A Parquet file of what a query gives. */
export async function parquet(path: string, query: string, options = ''): Promise<string> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  await connection.run(`copy (${query}) to '${path.replaceAll("'", "''")}' (format parquet${options})`);
  connection.closeSync();
  return path;
}
