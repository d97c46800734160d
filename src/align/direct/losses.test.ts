import { describe, expect, it } from 'vitest';
import { check, type Row } from '../../../test/reference/gradient-check.js';
import { scope, tensor } from '../../engine/index.js';
import { type Answers, dpoTerms, ktoTerms, orpoTerms, simpoTerms } from './losses.js';
import { directSettings } from './settings.js';

const reference = Float32Array.of(-3, -2.5, -7, -6.5, -1, -4);
const counts = Float32Array.of(3, 5, 2, 7, 1, 4);
/** Log-probabilities of answers: negative. */
const negative = (x: number): number => -0.3 - Math.abs(4 * x);
const answers = (policy: Answers['policy']): Answers => ({ policy, reference, counts });

const logSigmoid = (x: number): number => -Math.log1p(Math.exp(-x));
const pairs = (values: Row): [number, number][] => [0, 2, 4].map((i) => [values[i]!, values[i + 1]!]);
const ratios = (x: Row, divide = false): number[] => x.map((v, i) => (v - reference[i]!) / (divide ? counts[i]! : 1));
const dpo = (settings: object) => directSettings('dpo').parse(settings);

describe('losses equal their formulas, with their gradients', () => {
  const e = 0.15;
  const cases: [string, Parameters<typeof dpo>[0], (h: number) => number, boolean][] = [
    ['sigmoid', { beta: 0.3 }, (h) => -logSigmoid(h), false],
    ['label smoothing', { beta: 0.3, labelSmoothing: e }, (h) => -(1 - e) * logSigmoid(h) - e * logSigmoid(-h), false],
    ['hinge', { beta: 0.3, loss: 'hinge' }, (h) => Math.max(0, 1 - h), false],
    ['robust', { beta: 0.3, loss: 'robust', labelSmoothing: e }, (h) => (-(1 - e) * logSigmoid(h) + e * logSigmoid(-h)) / (1 - 2 * e), false], // prettier-ignore
    ['ipo', { beta: 0.3, loss: 'ipo' }, (h) => (h / 0.3 - 1 / 0.6) ** 2, true],
  ];
  it.each(cases)('dpo: %s', (_, settings, formula, divide) => {
    const own = dpo(settings);
    check(
      [[6]],
      ([x]) => dpoTerms(answers(x!), own).losses,
      ([x]) => pairs(ratios(x!, divide)).map(([a, b]) => formula(0.3 * (a - b))),
      1,
      negative,
    );
  });

  it('orpo', () => {
    const odds = (m: number): number => m - Math.log(1 - Math.exp(m));
    check(
      [[6]],
      ([x]) => orpoTerms(answers(x!), { beta: 0.4 }).losses,
      ([x]) => {
        const means = x!.map((v, i) => v / counts[i]!);
        return pairs(means).map(([a, b]) => -a - 0.4 * logSigmoid(odds(a) - odds(b)));
      },
      2,
      negative,
    );
  });

  it('simpo', () => {
    check(
      [[6]],
      ([x]) => simpoTerms(answers(x!), { beta: 2, gamma: 0.7 }).losses,
      ([x]) => pairs(x!.map((v, i) => v / counts[i]!)).map(([a, b]) => -logSigmoid(2 * (a - b) - 0.7)),
      3,
      negative,
    );
  });

  it('kto', () => {
    const good = [true, false, true, true, false, false];
    const settings = directSettings('kto').parse({ beta: 0.2, desirableWeight: 1.5, undesirableWeight: 0.5 });
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    check(
      [[6]],
      ([x]) => ktoTerms(answers(x!), good, 0.8, settings).losses,
      ([x]) => ratios(x!).map((r, i) => (good[i] ? 1.5 : 0.5) * (1 - sigmoid((good[i] ? 1 : -1) * 0.2 * (r - 0.8)))),
      4,
      negative,
    );
  });
});

describe('at the reference', () => {
  const at = (settings: object): number[] =>
    scope(() => [...dpoTerms(answers(tensor(reference)), dpo(settings)).losses.data]);
  it.each([
    [{}, Math.LN2],
    [{ labelSmoothing: 0.2 }, Math.LN2],
    [{ loss: 'hinge' }, 1],
    [{ loss: 'ipo', beta: 0.5 }, 1],
    [{ loss: 'robust', labelSmoothing: 0.2 }, Math.LN2],
  ])('%o costs what no preference does', (settings, value) => {
    for (const term of at(settings)) expect(term).toBeCloseTo(value, 6);
  });
});

it('refuses settings that contradict one another', () => {
  expect(() => dpo({ loss: 'hinge', labelSmoothing: 0.1 })).toThrow('label smoothing');
  expect(() => dpo({ loss: 'robust' })).toThrow('share of wrong pairs');
  expect(() => dpo({ labelSmoothing: 0.5 })).toThrow('<0.5');
  expect(() => dpo({ beta: 0 })).toThrow('>0');
  expect(() => dpo({ unknown: 1 })).toThrow('unknown');
});
