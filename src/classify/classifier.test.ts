import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError, RunError } from '../io/errors.js';
import { toySet } from './fixtures.js';
import { type ClassifierModel, LinearClassifier, loadClassifier, saveClassifier, trainClassifier } from './index.js';

const options = { features: { bucketBits: 12 }, neutral: 'kitchen', window: 64 };
const model = trainClassifier(toySet(240), options);
const classifier = new LinearClassifier(model);
const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...toySet(30).texts));

const folder = mkdtempSync(join(tmpdir(), 'telar-classify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('training', () => {
  it('reaches every text of a set that can be told apart, also unseen ones', () => {
    for (const set of [toySet(240), toySet(300, 2)])
      for (const [i, each] of set.texts.entries()) expect(classifier.predict(each)).toBe(set.names[set.labels[i]!]);
  });

  it('gives the same bytes again', () => {
    expect(trainClassifier(toySet(240), options)).toEqual(model);
  });

  it('refuses a label without texts, and extra texts of other labels', () => {
    const set = toySet(30);
    expect(() => trainClassifier({ ...set, names: [...set.names, 'none'] })).toThrow(/no text has the label none/);
    expect(() => trainClassifier(set, { extra: { names: ['a', 'b'], texts: [], labels: new Uint8Array() } })).toThrow(
      InputError,
    );
    expect(() => trainClassifier(set, { neutral: 'absent' })).toThrow(InputError);
  });
});

describe('scores', () => {
  it('are probabilities with sum 1, the same whatever was scored before', () => {
    fc.assert(
      fc.property(text, (each) => {
        fc.pre(classifier.windows(each).length > 0);
        const scores = classifier.score(each);
        expect(scores.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
        expect(Math.min(...scores)).toBeGreaterThanOrEqual(0);
        expect(new LinearClassifier(model).score(each)).toEqual(scores);
      }),
      { numRuns: 60 },
    );
  });

  it('stay the same when more tokens were seen than are remembered', () => {
    const before = classifier.score('the old ship with a sail');
    for (let i = 0; i < 40_000; i += 10)
      classifier.score(Array.from({ length: 10 }, (_, j) => `w${(i + j).toString(36)}x`).join(' '));
    expect(classifier.score('the old ship with a sail')).toEqual(before);
  });

  it('of a long text are those of its worst window, wherever it stands', () => {
    const mild = 'the old bread with butter and a new crust from the oven again ';
    const sharp = 'the referee gave a penalty and the striker in the stadium a goal ';
    const alone = classifier.score(sharp)[2]!;
    for (const before of [0, 1, 7, 40]) {
      const long = mild.repeat(before) + sharp + mild.repeat(40);
      const scores = classifier.score(long);
      expect(scores[2]).toBeGreaterThan(alone - 0.3);
      expect(classifier.predict(long)).toBe('football');
      const windows = classifier.windows(long);
      expect(Math.min(...windows.map(({ probabilities }) => probabilities[1]!))).toBe(scores[1]);
      const worst = windows.find(({ probabilities }) => probabilities[1] === scores[1])!;
      expect(long.slice(worst.start, worst.end)).toMatch(/striker|penalty/);
    }
  });

  it('cover a text with windows that overlap by half', () => {
    const long = 'bread and butter '.repeat(50);
    const windows = classifier.windows(long);
    expect(windows[0]!.start).toBe(0);
    expect(windows.at(-1)!.end).toBe(long.length);
    for (const [i, window] of windows.entries()) {
      expect(window.end - window.start).toBeLessThanOrEqual(64);
      expect(window.start).toBe(i * 32);
    }
  });

  it('fail where there is nothing to score, or no number comes out', () => {
    for (const nothing of ['', '  ', '...!?', null, undefined, 7])
      expect(() => classifier.score(nothing as string)).toThrow(RunError);
    const broken: ClassifierModel = { ...model, bias: [NaN, 0, 0] };
    expect(() => new LinearClassifier(broken).score('bread')).toThrow(/no number/);
  });
});

describe('a folder', () => {
  const path = join(folder, 'toy');
  saveClassifier(model, path, '# Toy\n');
  const config = readFileSync(join(path, 'config.json'), 'utf8');
  const weights = readFileSync(join(path, 'weights.int8'));

  it('loads what was saved', () => {
    const loaded = loadClassifier(path);
    expect(loaded.model).toEqual(model);
    for (const each of toySet(20, 3).texts) expect(loaded.score(each)).toEqual(classifier.score(each));
    expect(readFileSync(join(path, 'README.md'), 'utf8')).toBe('# Toy\n');
  });

  it('is refused when a byte of the weights is another, some are missing, or there are no files', () => {
    const flipped = Buffer.from(weights);
    flipped[777]! ^= 1;
    for (const bytes of [flipped, weights.subarray(1), Buffer.alloc(0)]) {
      writeFileSync(join(path, 'weights.int8'), bytes);
      expect(() => loadClassifier(path)).toThrow(InputError);
    }
    rmSync(join(path, 'weights.int8'));
    expect(() => loadClassifier(path)).toThrow(/no such file/);
    writeFileSync(join(path, 'weights.int8'), weights);
    expect(() => loadClassifier(join(folder, 'absent'))).toThrow(InputError);
  });

  it('is refused when anything in its config is another', () => {
    const damaged = [
      config.slice(1),
      config.replace('"football"', '"soccer"'),
      config.replace('"sea"', '"football"'),
      config.replace(/"bucketBits": 12/, '"bucketBits": 13'),
      config.replace(/"slopes": \[\s+[\d.]+/, '"slopes": [1'),
      config.replace(/"slopes": \[/, '"slopes": [null,'),
      config.replace('"version": 1', '"version": 2'),
      config.replace('"labels"', '"other"'),
    ];
    for (const content of damaged) {
      expect(content).not.toBe(config);
      writeFileSync(join(path, 'config.json'), content);
      expect(() => loadClassifier(path)).toThrow(InputError);
    }
    writeFileSync(join(path, 'config.json'), config);
    expect(loadClassifier(path).labels).toEqual(['sea', 'kitchen', 'football']);
  });
});
