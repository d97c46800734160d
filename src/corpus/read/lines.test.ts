import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText, compressions, folder, readPaths, readUnits, texts } from './fixtures.js';
import { planUnits } from './index.js';
import { LineSplitter } from './lines.js';

const { put } = folder();
const text = fc
  .tuple(anyText(20), fc.constantFrom('', '\r\n', '\n"', '\\', '\u2028', '\t'), anyText(20))
  .map((parts) => parts.join(''))
  .filter((t) => /[^\s]/.test(t));
/** What the readers make of a text: without a byte-order mark, LF for CRLF. */
const tidy = (t: string) => t.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');

describe('LineSplitter', () => {
  it('gives the same lines and offsets however the bytes come', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', '\n') }),
        fc.array(fc.integer({ min: 1, max: 5 })),
        (s, cuts) => {
          const bytes = Buffer.from(s);
          const splitter = new LineSplitter(0);
          const got: [string, number][] = [];
          let at = 0;
          for (const cut of [...cuts, bytes.length]) {
            for (const line of splitter.push(bytes.subarray(at, at + cut)))
              got.push([Buffer.from(line.bytes).toString(), line.offset]);
            at += cut;
          }
          const last = splitter.end();
          if (last) got.push([Buffer.from(last.bytes).toString(), last.offset]);
          const wanted = s.split('\n');
          if (wanted.at(-1) === '') wanted.pop();
          expect(got.map(([line]) => line)).toEqual(wanted);
          for (const [line, offset] of got) expect(s.slice(offset, offset + line.length)).toBe(line);
        },
      ),
    );
  });

  it('drops a line that is too long, in bounded memory, and goes on', () => {
    const splitter = new LineSplitter(0, 10);
    const lines = ['12345', '67890', '1\nok\n1234567890', '1\nend'].flatMap((s) => [...splitter.push(Buffer.from(s))]);
    lines.push(splitter.end()!);
    expect(lines.map((line) => (line.tooLong ? 'too long' : Buffer.from(line.bytes).toString()))).toEqual([
      'too long',
      'ok',
      'too long',
      'end',
    ]);
    expect(lines.map(({ offset }) => offset)).toEqual([0, 12, 15, 27]);
  });
});

describe('JSON lines', () => {
  it('gives back what was written, compressed or not', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1 }), async (wanted) => {
        const content = wanted.map((text) => JSON.stringify({ text })).join('\n');
        for (const { suffix, pack } of Object.values(compressions)) {
          const read = await readPaths(put(`p${n++}.jsonl${suffix}`, pack(content)));
          expect(texts(read)).toEqual(wanted.map(tidy));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('reads the same documents in slices as in one piece, named by their offsets', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 2 }), fc.integer({ min: 1, max: 200 }), async (all, size) => {
        const content = all.map((text) => `${JSON.stringify({ text })}\n`).join('');
        const path = put(`s${n++}.jsonl`, content);
        const whole = await readPaths(path, { unitBytes: 1 << 20 });
        const sliced = await readPaths(path, { unitBytes: size });
        expect(texts(sliced)).toEqual(texts(whole));
        expect(sliced.units.length).toBe(Math.ceil(Buffer.byteLength(content) / size));
        for (const { source, text } of sliced.units.length > 1 ? sliced.documents : []) {
          const offset = Number(source.slice(source.lastIndexOf('@') + 1));
          const line = Buffer.from(content).subarray(offset).toString().split('\n', 1)[0]!;
          expect(tidy(JSON.parse(line).text)).toBe(text);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('skips broken lines by number, or by offset in a slice', async () => {
    const lines = [
      '{"text": "one"}',
      '{"text": "tw',
      '',
      '{"other": 1}',
      '{"text": 5}',
      '[]',
      '{"text": "six\\ud800"}',
    ];
    const content = [...lines, '{"text": "nul \\u0000"}', '{"text": "last"}\r\n'].join('\n');
    const path = put('broken.jsonl', content);
    const read = await readPaths(path);
    expect(read.documents.map(({ text, source }) => [text, source])).toEqual([
      ['one', `${path}:1`],
      ['last', `${path}:9`],
    ]);
    expect(read.problems.map(({ source, reason }) => [source.slice(path.length), reason])).toEqual([
      [':2', expect.stringMatching(/not JSON/)],
      [':4', expect.stringMatching(/no field "text"/)],
      [':5', expect.stringMatching(/not a string/)],
      [':6', expect.stringMatching(/no field "text"/)],
      [':7', expect.stringMatching(/well-formed/)],
      [':8', expect.stringMatching(/NUL/)],
    ]);
    const sliced = await readPaths(path, { unitBytes: 20 });
    expect(texts(sliced)).toEqual(['one', 'last']);
    expect(sliced.problems[0]!.source).toBe(`${path}@${content.indexOf('{"text": "tw')}`);
    await expect(readUnits(read.units, true)).rejects.toThrow(`${path}:2: skipped, it is not JSON`);
  });

  it('skips lines with invalid bytes and tells where they are', async () => {
    const bad = Buffer.concat([
      Buffer.from('{"text": "é one"}\n{"text": "a'),
      Buffer.of(0xc3),
      Buffer.from('"}\n{"text": "three"}'),
    ]);
    const path = put('bytes.jsonl', bad);
    const read = await readPaths(path);
    expect(texts(read)).toEqual(['é one', 'three']);
    expect(read.problems).toEqual([
      { source: `${path}:2`, reason: 'skipped, not UTF-8 at byte 11 of the line, which begins at byte 19' },
    ]);
  });

  it('reads lines in UTF-16 and in windows-1252, in slices too', async () => {
    const lines = '{"text": "naïve café"}\n{"text": "où êtes-vous, déjà ?"}\n';
    const wanted = ['naïve café', 'où êtes-vous, déjà ?'];
    const swapped = Buffer.from(`\ufeff${lines}`, 'utf16le').swap16();
    expect(texts(await readPaths(put('u16le.jsonl', Buffer.from(`\ufeff${lines}`, 'utf16le'))))).toEqual(wanted);
    expect(texts(await readPaths(put('u16be.jsonl', swapped), { unitBytes: 10 }))).toEqual(wanted);
    const latin = await readPaths(put('latin.jsonl', Buffer.from(lines, 'latin1')), { unitBytes: 30 });
    expect(latin.units.length).toBe(2);
    expect(latin.documents.map(({ text, meta }) => [text, meta.encoding])).toEqual(
      wanted.map((t) => [t, 'windows-1252']),
    );
    const half = Buffer.from('{"text": "a\ud800b"}\n{"text": "fine"}', 'utf16le');
    const read = await readPaths(put('half.jsonl', half));
    expect(texts(read)).toEqual(['fine']);
    expect(read.problems).toHaveLength(1);
  });

  it('plans the same units for the same file', async () => {
    const path = put('plan.jsonl', '{"text": "a"}\n'.repeat(100));
    const plan = () => planUnits([path], { warn: () => {}, unitBytes: 300 });
    const units = await plan();
    expect(units).toEqual(await plan());
    expect(JSON.parse(JSON.stringify(units))).toEqual(units);
    expect(units.map(({ from }) => from).slice(1)).toEqual(units.map(({ to }) => to).slice(0, -1));
  });
});
