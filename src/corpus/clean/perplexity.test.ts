import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../io/errors.js';
import { speeches } from './fixtures.js';
import { ByteModel } from './perplexity.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-perplexity-'));
afterAll(() => rmSync(folder, { recursive: true }));

const texts = speeches().slice(-6);
const [heldOut, ...reference] = texts as [string, ...string[]];
const model = await ByteModel.train(reference);

describe('the model of bytes', () => {
  it('gives probabilities that sum to 1 behind any context', () => {
    const context = fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom('the ', ' of', 'nati', '\n\n\n\n', 'Mr.').map((s) => Buffer.from(s)),
    );
    fc.assert(
      fc.property(context, (context) => {
        let sum = 0;
        for (let byte = 0; byte < 256; byte++) sum += model.probability(context, byte);
        expect(sum).toBeCloseTo(1, 6);
      }),
      { numRuns: 50 },
    );
  });

  it('interpolates as Witten and Bell say', async () => {
    // "ab" seen twice, "ac" once, behind nothing else: check P(b|a) from the counts of single bytes up.
    const small = await ByteModel.train(['abacab']);
    const p1 = (count: number) => (count + 3 / 256) / (6 + 3); // a 3, b 2, c 1: three bytes in six
    const a = Buffer.from('zzza'); // only the last byte of this context was seen
    const p2 = (count: number, below: number) => (count + 2 * below) / (3 + 2); // behind a: b twice, c once
    expect(small.probability(a, 98)).toBeCloseTo(p2(2, p1(2)), 9);
    expect(small.probability(a, 99)).toBeCloseTo(p2(1, p1(1)), 9);
    expect(small.probability(Buffer.from('zzzz'), 120)).toBeCloseTo(3 / 256 / 9, 9);
  });

  it('is more surprised by what is unlike its text', () => {
    const prose = model.perplexity(heldOut.slice(0, 20_000));
    const shuffled = model.perplexity(heldOut.slice(0, 20_000).split('').sort().join(''));
    const german = model.perplexity('Alle Menschen sind frei und gleich an Würde und Rechten geboren. '.repeat(10));
    const noise = model.perplexity('x9$Kq_ZZ0f*3#vvb|}~w'.repeat(20));
    expect(prose).toBeLessThan(6);
    expect(german).toBeGreaterThan(1.5 * prose);
    expect(noise).toBeGreaterThan(german);
    expect(shuffled).toBeGreaterThan(prose);
    expect(model.perplexity('')).toBe(1);
  });

  it('is written and read back the same', () => {
    const path = join(folder, 'model');
    model.save(path);
    const read = ByteModel.load(path);
    expect(read.perplexity(heldOut.slice(0, 5000))).toBeCloseTo(model.perplexity(heldOut.slice(0, 5000)), 12);
    read.save(join(folder, 'again'));
    expect(readFileSync(join(folder, 'again')).equals(readFileSync(path))).toBe(true);
  });

  it('refuses what is not a model', async () => {
    const whole = readFileSync(join(folder, 'model'));
    const path = join(folder, 'broken');
    for (const bytes of [
      Buffer.from('text'),
      whole.subarray(0, 5000),
      Buffer.concat([whole.subarray(0, 21), Buffer.alloc(9)]),
    ]) {
      writeFileSync(path, bytes);
      expect(() => ByteModel.load(path)).toThrow(InputError);
    }
    expect(() => ByteModel.load(join(folder, 'nowhere'))).toThrow('no such file');
    await expect(ByteModel.train([])).rejects.toThrow(InputError);
  });
});
