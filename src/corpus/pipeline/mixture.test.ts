import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Duplicates, Verdict } from '../dedup/index.js';
import { type DocumentTable, planMixture } from './mixture.js';

/** A table of documents with clusters, from arbitrary numbers. */
const corpus = fc
  .array(
    fc.record({
      bytes: fc.integer({ min: 1, max: 1000 }),
      hash: fc.integer({ min: 0, max: 2 ** 30 }),
      source: fc.integer({ min: 0, max: 2 }),
      /** How far before it the document is that it copies; 0 for none. */
      back: fc.integer({ min: 0, max: 4 }),
    }),
    { minLength: 2, maxLength: 120 },
  )
  .map((documents) => {
    const n = documents.length;
    const clusters = new Int32Array(n);
    for (let d = 0; d < n; d++)
      clusters[d] = documents[d]!.back > 0 ? clusters[Math.max(0, d - documents[d]!.back)]! : d;
    const table: DocumentTable = {
      units: new Uint32Array(n),
      offsets: new Float64Array(n),
      textBytes: Uint32Array.from(documents, ({ bytes }) => bytes),
      hashes: Float64Array.from(documents, ({ hash }) => hash * 2 ** 18),
      sources: Uint16Array.from(documents, ({ source }) => source),
    };
    return { table, clusters };
  });

const duplicatesOf = (clusters: Int32Array, drop: boolean): Duplicates => ({
  verdicts: Uint8Array.from(clusters, (first, d) => (drop && first !== d ? Verdict.near : Verdict.keep)),
  clusters,
  cutStarts: new Uint32Array(clusters.length + 1),
  cut: new Uint32Array(0),
});

const once = [{ weight: 1 }, { weight: 1 }, { weight: 1 }];

describe('the mixture', () => {
  it('takes every document that is no duplicate, on one side of the split, and copies of it with it', () => {
    fc.assert(
      fc.property(corpus, fc.boolean(), fc.double({ min: 0, max: 0.5, noNaN: true }), (made, drop, heldOut) => {
        const { table, clusters } = made;
        const duplicates = duplicatesOf(clusters, drop);
        const mixture = planMixture(table, duplicates, { sources: once, heldOut, seed: 3 });
        const kept = [...clusters.keys()].filter((d) => duplicates.verdicts[d] === Verdict.keep);
        const whole = mixture.split.tail === null ? [...mixture.train, ...mixture.heldOut] : [...mixture.train];
        expect(whole.sort((a, b) => a - b)).toEqual(kept);
        if (mixture.split.tail !== null) return; // the tail of one document, and of its copies, is held out
        const hashesOf = (part: Uint32Array) => new Set(Array.from(part, (d) => table.hashes[clusters[d]!]));
        expect([...hashesOf(mixture.train)].filter((hash) => hashesOf(mixture.heldOut).has(hash))).toEqual([]);
      }),
    );
  });

  it('takes a source as often as its weight says, and no more than its cap', () => {
    fc.assert(
      fc.property(corpus, fc.integer({ min: 1, max: 5000 }), ({ table, clusters }, cap) => {
        const duplicates = duplicatesOf(clusters, true);
        const sources = [{ weight: 3 }, { weight: 0.5 }, { weight: 1, cap }];
        const { train, heldOut, capped } = planMixture(table, duplicates, { sources, heldOut: 0, seed: 3 });
        expect(heldOut).toHaveLength(0);
        const times = new Map<number, number>();
        for (const d of train) times.set(d, (times.get(d) ?? 0) + 1);
        let [bytes, left] = [0, 0];
        for (const [d, first] of clusters.entries()) {
          if (d !== first) continue;
          const n = times.get(d) ?? 0;
          const source = table.sources[d]!;
          expect(source === 0 ? [3] : [0, 1]).toContain(n);
          if (source === 2 && n === 1) bytes += table.textBytes[d]!;
          if (source === 2 && n === 0) left++;
        }
        expect(bytes).toBeLessThanOrEqual(cap);
        expect(capped.documents).toBe(left);
      }),
    );
  });

  it('is the same for the same seed, and another order for another', () => {
    const n = 500;
    const clusters = Int32Array.from({ length: n }, (_, d) => d);
    const table: DocumentTable = {
      units: new Uint32Array(n),
      offsets: new Float64Array(n),
      textBytes: new Uint32Array(n).fill(10),
      hashes: Float64Array.from(clusters, (d) => ((d * 2654435761) % 2 ** 32) * 2 ** 16),
      sources: new Uint16Array(n),
    };
    const plan = (seed: number) =>
      planMixture(table, duplicatesOf(clusters, true), { sources: [{ weight: 0.5 }], heldOut: 0.1, seed });
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1).train).not.toEqual(plan(2).train);
    expect(plan(1).heldOut).toEqual(plan(2).heldOut);
    const { train, heldOut, thinned } = plan(1);
    expect(heldOut.length / n).toBeCloseTo(0.1, 1);
    expect(train.length / (n - heldOut.length)).toBeCloseTo(0.5, 1);
    expect(train.length + heldOut.length + thinned.documents).toBe(n);
  });
});
