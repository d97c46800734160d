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

describe('by hand', () => {
  const of = (...values: number[]): Float32Array => Float32Array.from(values);
  const pair = (policy: number[], tokens: number[], before: number[] = []): Answers => ({
    policy: tensor(of(...policy)),
    reference: of(...before),
    counts: of(...tokens),
  });
  /** Loss and margin of one pair. */
  const numbers = (terms: () => ReturnType<typeof dpoTerms>): [number, number] =>
    scope(() => {
      const { losses, margins } = terms();
      return [losses.item(), margins.item()];
    });
  const near = (...values: number[]): unknown => values.map((value) => expect.closeTo(value, 6));

  it('dpo: log-ratios of 2 and -2', () => {
    const at = (settings: object) => numbers(() => dpoTerms(pair([-1, -5], [2, 2], [-3, -3]), dpo(settings)));
    expect(at({ beta: 0.1 })).toEqual(near(Math.log(1 + Math.exp(-0.4)), 0.4));
    expect(at({ beta: 0.1, loss: 'hinge' })).toEqual(near(0.6, 0.4));
    expect(at({ beta: 0.5, loss: 'hinge' })).toEqual(near(0, 2));
  });

  it('ipo costs nothing where the difference a token is 1/2β', () => {
    const at = (tokens: number[]) =>
      numbers(() => dpoTerms(pair([-1, -2], tokens, [-4, -2.5]), dpo({ beta: 0.5, loss: 'ipo' })));
    expect(at([2, 1])).toEqual(near(0, 0.5)); // 3/2 - 1/2
    expect(at([1, 1])).toEqual(near(2.25, 1.25)); // 3 - 1/2
  });

  it('orpo: tokens of chance a half against a fifth have odds of 1 and 1/4, however many there are', () => {
    const at = (a: number, b: number) =>
      numbers(() => orpoTerms(pair([a * Math.log(0.5), b * Math.log(0.2)], [a, b]), { beta: 0.3 }));
    expect(at(1, 1)).toEqual(near(Math.LN2 + 0.3 * Math.log(1.25), Math.log(4)));
    expect(at(2, 3)).toEqual(near(Math.LN2 + 0.3 * Math.log(1.25), Math.log(4)));
  });

  it('simpo: ln 2 where the margin is γ', () => {
    const at = (gamma: number) => numbers(() => simpoTerms(pair([-2, -6], [2, 4]), { beta: 2, gamma }));
    expect(at(1)).toEqual(near(Math.LN2, 1));
    expect(at(0)).toEqual(near(Math.log(1 + Math.exp(-1)), 1));
  });

  it('kto: log 3 of reward above the reference point are a value of 3/4 for good, and 1/4 for bad', () => {
    const settings = { beta: 0.5, desirableWeight: 1, undesirableWeight: 2 };
    const above = 2 + Math.log(3) / 0.5;
    const { losses, rewards } = scope(() => {
      const terms = ktoTerms(pair([above - 9, above - 9, 2 - 9], [3, 3, 3], [-9, -9, -9]), [true, false, false], 2, settings); // prettier-ignore
      return { losses: [...terms.losses.data], rewards: [...terms.rewards.data] };
    });
    [0.25, 1.5, 1].forEach((loss, i) => expect(losses[i]).toBeCloseTo(loss, 6));
    expect(rewards[0]).toBeCloseTo(0.5 * above, 6);
  });
});

describe('label smoothing', () => {
  const policy = Float32Array.of(-2, -4, -7.5, -5, -1.5, -3);
  const turned = Float32Array.of(-4, -2, -5, -7.5, -3, -1.5);
  const zero = new Float32Array(6);
  const at = (values: Float32Array, settings: Parameters<typeof dpoTerms>[1]): number[] =>
    scope(() => [...dpoTerms({ policy: tensor(values), reference: zero, counts }, settings).losses.data]);

  it('of nothing changes nothing, robust or not', () => {
    const plain = at(policy, { beta: 0.4, loss: 'sigmoid', labelSmoothing: 0 });
    expect(at(policy, { beta: 0.4, loss: 'robust', labelSmoothing: 0 })).toEqual(plain);
    expect(at(turned, { beta: 0.4, loss: 'sigmoid', labelSmoothing: 0 })).not.toEqual(plain);
  });

  it('of a half cannot tell chosen from rejected', () => {
    const half = { beta: 0.4, loss: 'sigmoid', labelSmoothing: 0.5 } as const;
    const other = at(turned, half);
    at(policy, half).forEach((loss, i) => expect(loss).toBeCloseTo(other[i]!, 6));
  });

  it('of robust is right on average where so many pairs are turned round', () => {
    const e = 0.2;
    const robust = { beta: 0.4, loss: 'robust', labelSmoothing: e } as const;
    const plain = at(policy, { beta: 0.4, loss: 'sigmoid', labelSmoothing: 0 });
    const wrong = at(turned, robust);
    at(policy, robust).forEach((loss, i) => expect((1 - e) * loss + e * wrong[i]!).toBeCloseTo(plain[i]!, 5));
  });
});

it('refuses settings that contradict one another', () => {
  expect(() => dpo({ loss: 'hinge', labelSmoothing: 0.1 })).toThrow('label smoothing');
  expect(() => dpo({ loss: 'robust' })).toThrow('share of wrong pairs');
  expect(() => dpo({ labelSmoothing: 0.5 })).toThrow('<0.5');
  expect(() => dpo({ beta: 0 })).toThrow('>0');
  expect(() => dpo({ unknown: 1 })).toThrow('unknown');
});
