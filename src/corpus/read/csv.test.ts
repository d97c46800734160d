import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvRows } from './csv-rows.js';
import { folder, readPaths, texts } from './fixtures.js';

const { put } = folder();

/** Rows of bytes given in pieces, as strings. */
function rowsOf(content: string, cuts: readonly number[], delimiter = ','): { fields: string[]; line: number }[] {
  const bytes = Buffer.from(content);
  const rows = new CsvRows(delimiter.charCodeAt(0), 10);
  const out: { fields: string[]; line: number }[] = [];
  const take = (given: ReturnType<typeof rows.push>) => {
    for (const row of given) {
      if ('reason' in row) out.push({ fields: [row.reason], line: row.line });
      else {
        const fields: string[] = [];
        for (let i = 0; i < row.fields.length; i += 3) {
          const field = Buffer.from(row.bytes.subarray(row.fields[i], row.fields[i + 1])).toString();
          fields.push(row.fields[i + 2] ? field.replaceAll('""', '"') : field);
        }
        out.push({ fields, line: row.line });
      }
    }
  };
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    take(rows.push(bytes.subarray(at, at + cut)));
    at += cut;
  }
  take(rows.end());
  return out;
}

const field = fc.string({ unit: fc.constantFrom('a', 'é', ' ', ',', ';', '"', '\n', '\r\n', '\t'), maxLength: 8 });
const quote = (value: string) => (/[",;\r\n\t]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

describe('CsvRows', () => {
  it('gives back the fields that were written, however the bytes come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(field, field, field), { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 30 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (table, cuts, end, last) => {
          const lines = table.map((row) => row.map(quote).join(','));
          const rows = rowsOf(lines.join(end) + (last ? end : ''), cuts);
          expect(rows.map(({ fields }) => fields)).toEqual(table);
          let line = 1;
          for (const [i, row] of rows.entries()) {
            expect(row.line).toBe(line);
            line += lines[i]!.split('\n').length;
          }
        },
      ),
    );
  });

  it('takes quotes out of place for text, and a quote that is never closed for one bad row', () => {
    const rows = rowsOf('a,b\n1,"x" y\n2,z "q" z\n3,"open\n4,fine\n', [3, 4, 5]);
    expect(rows).toEqual([
      { fields: ['a', 'b'], line: 1 },
      { fields: ['1', '"x" y'], line: 2 },
      { fields: ['2', 'z "q" z'], line: 3 },
      { fields: ['it has a quote that is never closed'], line: 4 },
      { fields: ['4', 'fine'], line: 5 },
    ]);
  });

  it('gives up a row at a limit and goes on at the next line', () => {
    const rows = new CsvRows(44, 10, 1 << 16);
    const piece = Buffer.alloc(1 << 12, 'long line of text\n');
    const got = [...rows.push(Buffer.from('a,b\n1,"never closed\n2,c\n'))];
    for (let bytes = 0; bytes < 1 << 17; bytes += piece.length)
      for (const row of rows.push(piece)) if (got.length < 5) got.push(row);
    expect(got.map((row) => ('reason' in row ? `${row.line}: ${row.reason}` : row.line)).slice(0, 3)).toEqual([
      1,
      '2: the row has more than 65536 bytes, or a quote that is never closed',
      3,
    ]);
  });
});

describe('CSV files', () => {
  it('finds the delimiter by the column that is wanted', async () => {
    const wanted = ['one, two', 'a "b" c'];
    for (const d of [',', ';', '\t', '|']) {
      const rows = [['id', 'text'], ...wanted.map((text, i) => [String(i), text])];
      const content = rows.map((row) => row.map((f) => `"${f.replaceAll('"', '""')}"`).join(d)).join('\r\n');
      const read = await readPaths(put('d.csv', content));
      expect(texts(read)).toEqual(wanted);
      expect(read.documents.map(({ meta }) => meta.id)).toEqual(['0', '1']);
    }
    expect(texts(await readPaths(put('one.tsv', 'a\ttweet\n1\thello, you\n'), { field: 'tweet' }))).toEqual([
      'hello, you',
    ]);
    expect(texts(await readPaths(put('single.csv', '\ufefftext\nhello\n')))).toEqual(['hello']);
    expect(texts(await readPaths(put('mac.csv', 'id,text\r1,hello\r2,you\r')))).toEqual(['hello', 'you']);
  });

  it('tells of rows and files that do not fit', async () => {
    const path = put('bad.csv', 'id,text\n1,a\n2,b,c\n3\n4,\n5,"d\ne"\n6,f\n');
    const read = await readPaths(path);
    expect(read.documents.map(({ text, source }) => [text, source.slice(path.length)])).toEqual([
      ['a', ':2'],
      ['d\ne', ':6'],
      ['f', ':8'],
    ]);
    expect(read.problems.map(({ source, reason }) => [source.slice(path.length), reason])).toEqual([
      [':3', 'skipped, it has 3 columns where the header has 2'],
      [':4', 'skipped, it has 1 columns where the header has 2'],
      [':5', 'skipped, its text is blank'],
    ]);
    const none = await readPaths(put('none.csv', 'id,body\n1,a\n'));
    expect(none.problems[0]!.reason).toMatch(/no column "text" \(but id, body\)/);
  });

  it('reads other encodings, and skips rows with invalid bytes', async () => {
    const table = 'id,text\n1,"où, ""déjà"""\n2,"l’été à la mer, bientôt"\n';
    const latin = Buffer.from(table.replace('’', '\u0092'), 'latin1');
    expect(texts(await readPaths(put('w.csv', latin)))).toEqual(['où, "déjà"', 'l’été à la mer, bientôt']);
    expect(texts(await readPaths(put('u.csv', Buffer.from(`\ufeff${table}`, 'utf16le'))))).toHaveLength(2);
    const bad = Buffer.concat([Buffer.from('id,text\n1,é\n2,a'), Buffer.of(0xff), Buffer.from('\n3,c\n')]);
    const path = put('invalid.csv', bad);
    const read = await readPaths(path);
    expect(texts(read)).toEqual(['é', 'c']);
    expect(read.problems).toEqual([
      { source: `${path}:3`, reason: 'skipped, not UTF-8 at byte 1 of its column "text"' },
    ]);
  });
});
