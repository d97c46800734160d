import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { fitCalibration, fitDecision } from './calibrate.js';
import { crossValidate } from './evaluate.js';
import { expNegative, logFromOne } from './exact-math.js';
import { toySet } from './fixtures.js';
import { splitIntoParts } from './folds.js';
import { readLabelled } from './index.js';
import { minimise } from './minimise.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-classify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('labelled files', () => {
  const options = { text: 'tweet', label: 'class' };

  it('are CSV with quotes, commas and line ends inside', () => {
    const path = file('a.csv', '\ufeff,class,tweet\r\n0,1,"say ""hi"", ok"\r\n1,0,"two\nlines"\r\n2,1,plain\r\n');
    expect(readLabelled(path, options)).toEqual({
      names: ['0', '1'],
      texts: ['say "hi", ok', 'two\nlines', 'plain'],
      labels: Uint8Array.of(1, 0, 1),
    });
  });

  it('are read as any text was quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 2, maxLength: 8 }), (texts) => {
        const quoted = texts.map((text, i) => `"${text.replaceAll('"', '""')}",${i % 2}\n`).join('');
        expect(readLabelled(file('p.csv', `tweet,class\n${quoted}`), options).texts).toEqual(texts);
      }),
      { numRuns: 50 },
    );
  });

  it('are JSON lines, with labels named and ordered as asked', () => {
    const path = file('a.jsonl', '{"tweet":"x","class":2}\n\n{"tweet":"y","class":"0"}\n');
    const names = new Map([
      ['2', 'fine'],
      ['0', 'bad'],
    ]);
    expect(readLabelled(path, { ...options, names })).toEqual({
      names: ['fine', 'bad'],
      texts: ['x', 'y'],
      labels: Uint8Array.of(0, 1),
    });
  });

  it('are refused with the line that is wrong', () => {
    expect(() => readLabelled(file('b.csv', 'class,text\n1,x\n0,y\n'), options)).toThrow(/b\.csv:2: no "tweet"/);
    expect(() => readLabelled(file('c.csv', 'class,tweet\n1,"x\n'), options)).toThrow(/c\.csv/);
    expect(() => readLabelled(file('c.csv', 'class,tweet\n1,x,y\n'), options)).toThrow(/c\.csv/);
    expect(() => readLabelled(file('d.jsonl', '{"tweet":"x","class":1}\n{oops\n'), options)).toThrow(/d\.jsonl:2/);
    expect(() => readLabelled(file('e.jsonl', '{"tweet":"x","class":1}\n'), options)).toThrow(/1 labels/);
    expect(() => readLabelled(file('f.csv', Uint8Array.of(0x61, 0xff)), options)).toThrow(/UTF-8/);
    expect(() => readLabelled(file('g.txt', 'x'), options)).toThrow(/\.csv, \.tsv or \.jsonl/);
    const names = new Map([
      ['0', 'a'],
      ['1', 'b'],
    ]);
    const bad = file('h.csv', 'class,tweet\n1,x\n7,y\n');
    expect(() => readLabelled(bad, { ...options, names })).toThrow(/h\.csv:3: label "7"/);
  });
});

describe('parts', () => {
  it('keep texts together that differ in mentions only, and spread labels', () => {
    const { texts, labels } = toySet(300);
    const copies = texts.map((text, i) => `@user${i} ${text.toUpperCase()}!`);
    const part = splitIntoParts([...texts, ...copies], [...labels, ...labels], 5, 3);
    for (const i of texts.keys()) expect(part[i]).toBe(part[i + texts.length]);
    for (let p = 0; p < 5; p++)
      for (let k = 0; k < 3; k++)
        expect(labels.filter((label, i) => part[i] === p && label === k).length).toBeGreaterThan(13);
  });
});

describe('cross-validation', () => {
  it('is perfect where subjects have words of their own, and at chance where labels are arbitrary', () => {
    const options = { features: { bucketBits: 12 }, folds: 3, seed: 1 };
    const { macroF1, labels, confusion } = crossValidate(toySet(180), options);
    expect(macroF1).toBe(1);
    expect(labels.map(({ auroc }) => auroc)).toEqual([1, 1, 1]);
    expect(confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(180);
    const shuffled = { ...toySet(180), labels: toySet(180).labels.map((_, i) => ((i * 7919) % 3) ^ (i % 2)) };
    const arbitrary = { ...shuffled, labels: shuffled.labels.map((label) => Math.min(2, label)) };
    expect(crossValidate(arbitrary, options).labels[0]!.auroc).toBeLessThan(0.75);
  });

  it('refuses too few texts', () => {
    expect(() => crossValidate(toySet(9), { folds: 5 })).toThrow(/too few/);
  });
});

describe('calibration', () => {
  it('finds the slope that the scores of a label were stretched by', () => {
    // Scores (s, 0) with probability 1 / (1 + e^-s): 3 of 4 right at s = ln 3. Stretched threefold.
    const scores = Float64Array.from({ length: 800 }, (_, i) =>
      i % 2 === 0 ? 3 * (i % 4 === 0 ? 1 : -1) * Math.log(3) : 0,
    );
    const labels = Uint8Array.from({ length: 400 }, (_, i) => {
      const right = Math.floor(i / 2) % 4 !== 0;
      return i % 2 === 0 ? (right ? 0 : 1) : right ? 1 : 0;
    });
    const { slopes, offsets } = fitCalibration(scores, labels, 2);
    expect(slopes[0]).toBeCloseTo(1 / 3, 2);
    expect(offsets[0]! - offsets[1]!).toBeCloseTo(0, 2);
  });

  it('chooses factors that find a rare label', () => {
    // The rare label never has the largest probability, but it is told apart at 0.3.
    const rows = Array.from({ length: 100 }, (_, i) => (i < 10 ? [0.35, 0.65] : [0.2, 0.8]));
    const labels = Uint8Array.from(rows, (_, i) => (i < 10 ? 0 : 1));
    const factors = fitDecision(Float64Array.from(rows.flat()), labels, 2);
    for (const [p, q] of rows) expect(p! * factors[0]! > q! * factors[1]!).toBe(p === 0.35);
  });
});

it('minimises a quadratic and the valley of Rosenbrock', () => {
  const quadratic = new Float64Array(3);
  minimise(
    (x, g) => x.reduce((sum, v, i) => sum + ((g[i] = 2 * (i + 1) * (v - i)), (i + 1) * (v - i) ** 2), 0),
    quadratic,
  );
  for (const [i, v] of quadratic.entries()) expect(v).toBeCloseTo(i, 3);
  const valley = Float64Array.of(-1.2, 1);
  minimise(
    (x, g) => {
      const [a, b] = [x[0]!, x[1]!];
      g[0] = -400 * a * (b - a * a) - 2 * (1 - a);
      g[1] = 200 * (b - a * a);
      return 100 * (b - a * a) ** 2 + (1 - a) ** 2;
    },
    valley,
    { tolerance: 1e-8 },
  );
  expect(valley[0]).toBeCloseTo(1, 4);
  expect(valley[1]).toBeCloseTo(1, 4);
});

it('exponential and logarithm agree with Math', () => {
  fc.assert(
    fc.property(fc.double({ min: -690, max: 0, noNaN: true }), fc.double({ min: 1, max: 1e6, noNaN: true }), (x, y) => {
      expect(Math.abs(expNegative(x) / Math.exp(x) - 1)).toBeLessThan(1e-14);
      expect(Math.abs(logFromOne(y) - Math.log(y))).toBeLessThan(1e-13);
    }),
  );
  expect(expNegative(0)).toBe(1);
  expect(expNegative(-1e9)).toBe(0);
  expect(expNegative(NaN)).toBeNaN();
});
