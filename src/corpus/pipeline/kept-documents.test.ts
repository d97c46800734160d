import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { RunError } from '../../io/errors.js';
import {
  INDEX_FIELDS,
  type KeptDocument,
  KeptDocumentsReader,
  KeptDocumentsWriter,
  readKeptIndex,
} from './kept-documents.js';

const root = mkdtempSync(join(tmpdir(), 'telar-kept-'));
afterAll(() => rmSync(root, { recursive: true }));
const pathOf = (unit: number): string => join(root, `${unit}.jsonl`);
const indexOf = (unit: number): string => join(root, `${unit}.index`);

function write(unit: number, documents: readonly KeptDocument[]): Float64Array {
  const writer = new KeptDocumentsWriter(pathOf(unit), indexOf(unit));
  for (const [i, document] of documents.entries()) writer.add(document, Buffer.byteLength(document.text), i);
  writer.finish();
  writer.abandon();
  return readKeptIndex(indexOf(unit), documents.length);
}

describe('kept documents', () => {
  it('come back as they were, in any order, from many units', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 3000 });
    const document = fc.record({ text, source: fc.string() });
    fc.assert(
      fc.property(fc.array(fc.array(document, { maxLength: 8 }), { minLength: 1, maxLength: 4 }), (units) => {
        const indexes = units.map((documents, unit) => write(unit, documents));
        const reader = new KeptDocumentsReader(pathOf);
        for (const [unit, documents] of [...units.entries()].reverse())
          for (const [i, document] of [...documents.entries()].reverse()) {
            const [offset, bytes, hash] = indexes[unit]!.subarray(i * INDEX_FIELDS);
            expect(hash).toBe(i);
            expect(reader.read(unit, offset!, bytes!)).toEqual(document);
          }
        reader.close();
      }),
      { numRuns: 50 },
    );
  });

  it('are refused where the files are damaged', () => {
    const documents = Array.from({ length: 3 }, (_, i) => ({ text: 'text '.repeat(500), source: `${i}` }));
    const index = write(9, documents);
    const reader = new KeptDocumentsReader(pathOf);
    expect(() => reader.read(9, index[0]! + 1, 2500)).toThrow(RunError);
    truncateSync(pathOf(9), index[3]! + 100);
    expect(() => reader.read(9, index[3]!, 2500)).toThrow(RunError);
    expect(() => readKeptIndex(indexOf(9), 4)).toThrow(RunError);
    expect(() => readKeptIndex(join(root, 'none'), 4)).toThrow(RunError);
    reader.close();
  });
});
