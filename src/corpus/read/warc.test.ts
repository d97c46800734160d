import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from './byte-queue.js';
import { compressions, conversion, folder, page, prose, readPaths, response, texts, warcRecord } from './fixtures.js';

const { put } = folder();
const url = 'https://example.org/';
const info = warcRecord({ 'WARC-Type': 'warcinfo', 'Content-Type': 'application/warc-fields' }, 'software: a test\r\n');
const topics = ['loom', 'shuttle', 'warp', 'weft', 'cloth'];
const conversions = topics.map((topic) => conversion(`${url}${topic}`, prose(topic)));
const wanted = topics.map(prose);

/** Offsets at which parts begin when they lie end to end. */
const offsets = (parts: readonly Uint8Array[]): number[] =>
  parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.length, 0));

describe('ByteQueue', () => {
  it('finds and gives what one buffer would', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ min: 97, max: 98, maxLength: 6 })),
        fc.nat(12),
        fc.nat(12),
        fc.uint8Array({ min: 97, max: 98, minLength: 1, maxLength: 4 }),
        (chunks, skip, from, pattern) => {
          const queue = new ByteQueue();
          for (const chunk of chunks) queue.push(chunk);
          const bytes = Buffer.concat(chunks).subarray(skip);
          queue.skip(skip);
          expect(queue.length).toBe(bytes.length);
          expect(queue.slice(from, from + 5)).toEqual(bytes.subarray(from, from + 5));
          expect(queue.indexOf(pattern, from)).toBe(from > bytes.length ? -1 : bytes.indexOf(pattern, from));
        },
      ),
    );
  });
});

describe('WARC', () => {
  it('gives the pages and texts of a file, and where their records begin', async () => {
    const records = [
      info,
      warcRecord(
        { 'WARC-Type': 'request', 'Content-Type': 'application/http; msgtype=request' },
        'GET / HTTP/1.1\r\n\r\n',
      ),
      response(`${url}1`, page([prose('loom')], { title: 'On looms' })),
      response(`${url}2`, 'not found', { status: '404 Not Found' }),
      response(`${url}3`, Buffer.of(1, 2, 0), { type: 'image/png' }),
      response(`${url}4`, prose('weft'), { type: 'text/plain' }),
      conversions[2]!,
    ];
    const [, , third, , , sixth, seventh] = offsets(records);
    const path = put('plain.warc', Buffer.concat(records));
    const read = await readPaths(path);
    expect(read.problems).toEqual([]);
    expect(read.documents).toEqual([
      {
        text: prose('loom'),
        source: `${path}@${third}`,
        meta: { url: `${url}1`, date: '2026-01-02T03:04:05Z', title: 'On looms', lang: 'en' },
      },
      { text: prose('weft'), source: `${path}@${sixth}`, meta: { url: `${url}4`, date: '2026-01-02T03:04:05Z' } },
      { text: prose('warp'), source: `${path}@${seventh}`, meta: { url: `${url}warp` } },
    ]);
  });

  it('names records by the member they begin in', async () => {
    for (const pack of [compressions.gzip.pack, compressions.zstd.pack]) {
      const suffix = pack === compressions.gzip.pack ? 'gz' : 'zst';
      const members = [pack(conversions[0]!), pack(Buffer.concat(conversions.slice(1, 3))), pack(conversions[3]!)];
      const [a, b, c] = offsets(members);
      const path = put(`members.warc.${suffix}`, Buffer.concat(members));
      const read = await readPaths(path);
      expect(read.problems).toEqual([]);
      expect(texts(read)).toEqual(wanted.slice(0, 4));
      expect(read.documents.map(({ source }) => source.slice(path.length))).toEqual([
        `@${a}`,
        `@${b}`,
        `@${b}+${conversions[1]!.length}`,
        `@${c}`,
      ]);
    }
  });

  it('finds any lying length, loses that record only, and tells where it is', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(4),
        fc.oneof(
          fc.integer({ min: 0, max: 2000 }),
          fc.constantFrom('', '-5', '1e3', '0x10', '99999999999999999999', String(2 ** 31), String(2 ** 40), 'many'),
        ),
        fc.constantFrom('', '.gz', '.zst', '.gz each'),
        async (which, lie, wrapping) => {
          const truth = Buffer.byteLength(wanted[which]!);
          // One that takes in line ends behind the block does no harm.
          fc.pre(typeof lie !== 'number' || lie < truth || lie > truth + 4);
          const records = conversions.map((record, i) => {
            if (i !== which) return record;
            const fields = { 'WARC-Type': 'conversion', 'WARC-Target-URI': url, 'Content-Type': 'text/plain' };
            return warcRecord(fields, wanted[i]!, lie);
          });
          // A length that leads to where another record begins, or to the end, lies too well.
          const starts = offsets([...records, Buffer.of()]).map(
            (at) => at - offsets(records)[which]! - (records[which]!.length - truth - 4),
          );
          fc.pre(typeof lie !== 'number' || wrapping === '.gz each' || starts.every((at) => lie < at - 8 || lie > at));
          const packed =
            wrapping === '.gz each'
              ? Buffer.concat(records.map((r) => gzipSync(r)))
              : compressions[wrapping === '.gz' ? 'gzip' : wrapping === '.zst' ? 'zstd' : 'none'].pack(
                  Buffer.concat(records),
                );
          const path = put(`lie${n++}.warc${wrapping.replace(' each', '')}`, packed);
          const read = await readPaths(path);
          expect(texts(read)).toEqual(wanted.filter((_, i) => i !== which));
          expect(read.problems).toHaveLength(1);
          expect(read.problems[0]!.reason).toMatch(/Content-Length/);
          // Of several records in a member, the place is within that.
          const at = offsets(wrapping === '.gz each' ? records.map((r) => gzipSync(r)) : records)[which]!;
          const place = which === 0 || wrapping === '' || wrapping === '.gz each' ? `@${at}` : `@0+${at}`;
          expect(read.problems[0]!.source).toBe(path + place);
        },
      ),
      { numRuns: 80 },
    );
  });

  it('believes a true length whatever the text says', async () => {
    const tricky = `An example:\r\n\r\nWARC/1.0\r\nWARC-Type: response\r\nContent-Length: 5\r\n\r\nhello\r\n\r\nand more.`;
    const path = put('tricky.warc', Buffer.concat([conversion(url, tricky), conversions[1]!]));
    const read = await readPaths(path);
    expect(read.problems).toEqual([]);
    expect(texts(read)).toEqual([tricky.replaceAll('\r\n', '\n'), wanted[1]]);
  });

  it('goes on behind junk, a damaged member and a cut', async () => {
    const junk = Buffer.concat([Buffer.from('junk\n'), conversions[0]!, Buffer.from('more junk\n'), conversions[1]!]);
    const junky = await readPaths(put('junk.warc', junk));
    expect(texts(junky)).toEqual([wanted[1]]);
    expect(junky.problems.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/no WARC record begins here/),
      expect.stringMatching(/does not lead to the next record/),
    ]);
    const members = conversions.map((record) => gzipSync(record));
    const [, , third, fourth] = offsets(members);
    members[2]!.fill(0x55, 30, 60);
    const path = put('damaged.warc.gz', Buffer.concat(members));
    const damaged = await readPaths(path);
    expect(texts(damaged)).toEqual(wanted.filter((_, i) => i !== 2));
    expect(damaged.problems.length).toBeGreaterThan(0);
    for (const { source } of damaged.problems) {
      const at = Number(source.slice(path.length + 1).split('+')[0]);
      expect(at).toBeGreaterThanOrEqual(third!);
      expect(at).toBeLessThan(fourth!);
    }
    const cut = Buffer.concat(conversions);
    const read = await readPaths(put('cut.warc', cut.subarray(0, cut.length - 100)));
    expect(texts(read)).toEqual(wanted.slice(0, 4));
    expect(read.problems[0]!.reason).toMatch(/reaches beyond the end/);
  });

  it('takes off what HTTP put around a body', async () => {
    const body = page([prose('loom')]);
    const chunked = `5;x=y\r\n${body.slice(0, 5)}\r\n${(body.length - 5).toString(16)}\r\n${body.slice(5)}\r\n0\r\n\r\n`;
    const records = [
      response(url, chunked, { headers: 'Transfer-Encoding: chunked\r\n' }),
      response(url, body, { headers: 'Transfer-Encoding: chunked\r\n' }),
      response(url, gzipSync(body), { headers: 'Content-Encoding: gzip\r\n' }),
      response(url, body, { headers: 'Content-Encoding: gzip\r\n' }),
      response(url, deflateSync(body), { headers: 'Content-Encoding: deflate\r\n' }),
      response(url, brotliCompressSync(body), { headers: 'Content-Encoding: br\r\n' }),
    ];
    const read = await readPaths(put('http.warc', Buffer.concat(records)));
    expect(read.problems).toEqual([]);
    expect(texts(read)).toEqual(records.map(() => prose('loom')));
    const bomb = response(url, gzipSync(Buffer.alloc(40 << 20, 'a')), { headers: 'Content-Encoding: gzip\r\n' });
    expect((await readPaths(put('bomb.warc', bomb))).problems[0]!.reason).toMatch(/cannot be decoded \(gzip\)/);
  });

  it('decodes pages by header, by meta element, or by what they are', async () => {
    const text =
      'L’été dernier, le garçon a goûté les gâteaux, déjà, près de la forêt, où il était allé avec sa sœur aînée.';
    const w1252 = (s: string) => Buffer.from(s.replaceAll('’', '\u0092').replaceAll('œ', '\u009c'), 'latin1');
    const records = [
      response(url, w1252(page([text])), { type: 'text/html; charset=ISO-8859-1' }),
      response(
        url,
        w1252(page([text], { head: '<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">' })),
        {
          type: 'text/html',
        },
      ),
      response(url, w1252(page([text])), { type: 'text/html' }),
      response(url, page([text]), { type: 'text/html; charset=iso-8859-1' }),
      response(url, Buffer.from(`\ufeff${page([text])}`, 'utf16le'), { type: 'text/html' }),
    ];
    const read = await readPaths(put('charset.warc', Buffer.concat(records)));
    expect(read.problems).toEqual([]);
    expect(texts(read)).toEqual(records.map(() => text));
    const lying = response(url, w1252(page([text])), { type: 'text/html; charset=utf-8' });
    const path = put('lying.warc', lying);
    expect((await readPaths(path)).problems).toEqual([
      { source: `${path}@0`, reason: expect.stringMatching(/skipped, not UTF-8 at byte \d+/) },
    ]);
  });
});
