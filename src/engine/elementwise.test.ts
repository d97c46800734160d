/** The small set that losses are written in: values and gradients, for any number of elements. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from '../../test/reference/gradient-check.js';
import {
  abs, add, affine, clamp, div, exp, gelu, log, logSigmoid, maximum, mean, minimum, mul, relu, scope, segmentSums,
  sigmoid, silu, sqrt, square, sub, sum, tanh, type Tensor, tensor,
} from './index.js'; // prettier-ignore

const sizes = fc.integer({ min: 1, max: 150 });
const away = (x: number): number => x + 0.3 * Math.sign(x || 1); // from a kink at 0
const positive = (x: number): number => Math.abs(x) + 0.2;

const unary: [string, (x: Tensor) => Tensor, (x: number) => number, ((x: number) => number)?][] = [
  ['exp', exp, Math.exp],
  ['log', log, Math.log, positive],
  ['sigmoid', sigmoid, (x) => 1 / (1 + Math.exp(-x))],
  ['logSigmoid', logSigmoid, (x) => -Math.log1p(Math.exp(-x))],
  ['tanh', tanh, Math.tanh],
  ['relu', relu, (x) => Math.max(0, x), away],
  ['gelu', gelu, (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))],
  ['silu', silu, (x) => x / (1 + Math.exp(-x))],
  ['square', square, (x) => x * x],
  ['sqrt', sqrt, Math.sqrt, positive],
  ['abs', abs, Math.abs, away],
];

it.each(unary)('%s', (_, op, f, prepare) => {
  fc.assert(
    fc.property(sizes, fc.nat(), (n, seed) =>
      check(
        [[n]],
        ([x]) => op(x!),
        ([x]) => x!.map(f),
        seed,
        prepare,
      ),
    ),
    { numRuns: 10 },
  );
});

const binary: [string, (a: Tensor, b: Tensor) => Tensor, (a: number, b: number) => number, ((x: number) => number)?][] =
  [
    ['add', add, (a, b) => a + b],
    ['sub', sub, (a, b) => a - b],
    ['mul', mul, (a, b) => a * b],
    ['div', div, (a, b) => a / b, away],
    ['minimum', minimum, Math.min],
    ['maximum', maximum, Math.max],
  ];

it.each(binary)('%s', (_, op, f, prepare) => {
  fc.assert(
    fc.property(sizes, fc.nat(), (n, seed) =>
      check(
        [[n], [n]],
        ([a, b]) => op(a!, b!),
        ([a, b]) => a!.map((x, i) => f(x, b![i]!)),
        seed,
        prepare,
      ),
    ),
    { numRuns: 10 },
  );
  expect(() => scope(() => op(tensor([1, 2], [2]), tensor([1], [1])))).toThrow(/shapes \[2\] and \[1\] differ/);
});

it('an input used twice gets both gradients', () =>
  check(
    [[9]],
    ([x]) => mul(add(x!, x!), x!),
    ([x]) => x!.map((v) => 2 * v * v),
    1,
  ));

it('affine', () =>
  check(
    [[31]],
    ([x]) => affine(x!, -2.5, 0.75),
    ([x]) => x!.map((v) => -2.5 * v + 0.75),
    2,
  ));

it('clamp', () =>
  check(
    [[77]],
    ([x]) => clamp(x!, -0.4, 0.5),
    ([x]) => x!.map((v) => Math.min(0.5, Math.max(-0.4, v))),
    3,
  ));

it('sum and mean', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), (n, seed) => {
      check(
        [[n]],
        ([x]) => sum(x!),
        ([x]) => [x!.reduce((a, b) => a + b)],
        seed,
      );
      check(
        [[n]],
        ([x]) => mean(x!),
        ([x]) => [x!.reduce((a, b) => a + b) / n],
        seed,
      );
    }),
    { numRuns: 10 },
  );
});

it('segmentSums, empty segments too', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(lengths, fc.nat(), (each, seed) => {
      const starts = Int32Array.of(0, ...each);
      for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
      const segments = each.map((_, s) => [starts[s]!, starts[s + 1]!] as const);
      check(
        [[Math.max(1, starts.at(-1)!)]],
        ([x]) => segmentSums(x!, starts),
        ([x]) => segments.map(([from, to]) => x!.slice(from, to).reduce((a, b) => a + b, 0)),
        seed,
      );
    }),
    { numRuns: 10 },
  );
});

describe('far from zero', () => {
  it('logSigmoid, sigmoid and tanh neither overflow nor lose their limits', () => {
    scope(() => {
      const x = tensor([-1e4, -90, -30, 30, 90, 1e4], [6]);
      const near = (values: Iterable<number>, expected: number[]): void =>
        [...values].forEach((v, i) =>
          expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-5 * (1 + Math.abs(expected[i]!))),
        );
      near(logSigmoid(x).data, [-1e4, -90, -30, 0, 0, 0]);
      near(sigmoid(x).data, [0, 0, 0, 1, 1, 1]);
      near(tanh(x).data, [-1, -1, -1, 1, 1, 1]);
      near(silu(x).data, [0, 0, 0, 30, 90, 1e4]);
      near(gelu(x).data, [0, 0, 0, 30, 90, 1e4]);
    });
  });
});
