/**
 * Numbers of JSON within bounds, as automata over their digits. Bounds are compared digit by digit, exactly; with at
 * most 15 significant digits, different texts are different doubles in the same order, so that whoever reads them as
 * doubles finds the same.
 */
import { type Dfa, explore, intersect } from './dfa.js';
import { parsePattern } from './pattern.js';
import { patternAutomaton } from './pattern-automaton.js';

export interface NumberBounds {
  integer: boolean;
  /** Each a bound and whether it is itself excluded. */
  least: readonly { value: number; exclusive: boolean }[];
  most: readonly { value: number; exclusive: boolean }[];
  multipleOf: readonly number[];
}

/** Significant digits that a double always keeps apart. */
const digitsKept = 15;
const alphabet = '-.0123456789';
const what = 'the range of a number';
const known = new Map<string, Dfa>();

/** The automaton of the numbers within bounds. It is empty where there are none of at most 15 digits. */
export function numberAutomaton(bounds: NumberBounds): Dfa {
  const key = JSON.stringify(bounds);
  let dfa = known.get(key);
  if (!dfa) {
    if (known.size > 200) known.clear();
    known.set(key, (dfa = build(bounds)));
  }
  return dfa;
}

function build({ integer, least, most, multipleOf }: NumberBounds): Dfa {
  const bounded = least.length + most.length + multipleOf.length > 0;
  if (!integer && !bounded) return freeNumber();
  const parts = [
    decimals(integer),
    ...least.map(({ value, exclusive }) => compared(value, (order) => (exclusive ? order > 0 : order >= 0))),
    ...most.map(({ value, exclusive }) => compared(value, (order) => (exclusive ? order < 0 : order <= 0))),
    ...multipleOf.map(multiples),
  ];
  return intersect(parts, what);
}

/** Any number as `JSON.stringify` writes it, up to 1e300. */
function freeNumber(): Dfa {
  const plain = String.raw`-?(0|[1-9]\d{0,20})(\.\d{1,24})?`;
  const scientific = String.raw`-?[1-9](\.\d{1,17})?e[+-]?([1-9]\d?|[12]\d\d)`;
  // "-0" is a number, but nobody writes it.
  const all = patternAutomaton(parsePattern(`${plain}|${scientific}`), 'text', what);
  return intersect([all, withoutMinusZero()], what);
}

function withoutMinusZero(): Dfa {
  return patternAutomaton(parsePattern(String.raw`[^-].*|-[^0].*|-0.+`), 'text', what);
}

/** Decimal numbers of at most 15 digits, without exponent: [phase, digits so far]. */
function decimals(integer: boolean): Dfa {
  type Phase = 'start' | 'minus' | 'zero' | 'minus zero' | 'whole' | 'point' | 'fraction';
  return explore<[Phase, number]>(
    ['start', 0],
    alphabet,
    ([phase, digits], character) => {
      if (character === '-') return phase === 'start' ? ['minus', 0] : null;
      if (character === '.')
        return !integer && ['zero', 'minus zero', 'whole'].includes(phase) ? ['point', digits] : null;
      if (phase === 'zero' || phase === 'minus zero' || digits === digitsKept) return null;
      if (phase === 'start' || phase === 'minus')
        return character === '0' ? [phase === 'minus' ? 'minus zero' : 'zero', 1] : ['whole', 1];
      return [phase === 'whole' ? 'whole' : 'fraction', digits + 1];
    },
    ([phase]) => ['zero', 'whole', 'fraction'].includes(phase),
    what,
  );
}

/** Digits of a double's shortest text: value = 0.digits · 10^point. */
function digitsOf(value: number): { negative: boolean; whole: string; fraction: string } {
  const [mantissa, exponent] = Math.abs(value).toExponential().split('e');
  const digits = mantissa!.replace('.', '');
  const point = Number(exponent) + 1;
  const whole = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0');
  const fraction = point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point);
  return { negative: value < 0, whole, fraction: fraction.replace(/0+$/, '') };
}

interface Comparison {
  negative: boolean;
  /** Digits of the whole part, or of the fraction, that came, up to as many as matter. */
  count: number;
  inFraction: boolean;
  /** Of the magnitudes so far, digit by digit: less, equal, greater. */
  order: number;
  zero: boolean;
}

/** Numbers that compare to `bound` as `accept` says: -1 less, 0 equal, 1 greater. */
function compared(bound: number, accept: (order: number) => boolean): Dfa {
  const { negative, whole, fraction } = digitsOf(bound);
  const wholeOrder = (state: Comparison): number =>
    state.count === whole.length ? state.order : Math.sign(state.count - whole.length);
  const start: Comparison = { negative: false, count: 0, inFraction: false, order: 0, zero: true };
  return explore<Comparison>(
    start,
    alphabet,
    (state, character) => {
      if (character === '-') return state.count === 0 && !state.negative ? { ...start, negative: true } : null;
      if (character === '.') return { ...state, count: 0, inFraction: true, order: wholeOrder(state) };
      const digits = state.inFraction ? fraction : whole;
      const there = digits[state.count] ?? (state.inFraction ? '0' : '');
      const order = state.order !== 0 || there === '' ? state.order : Math.sign(Number(character) - Number(there));
      const enough = digits.length + (state.inFraction ? 0 : 1);
      return { ...state, order, count: Math.min(state.count + 1, enough), zero: state.zero && character === '0' };
    },
    (state) => {
      let order = state.inFraction ? state.order : wholeOrder(state);
      const [rest, done] = state.inFraction ? [fraction, state.count] : [fraction, 0];
      if (order === 0 && done < rest.length) order = -1; // the bound has digits left, the last of which is not 0
      if (state.zero) return accept(bound === 0 ? 0 : negative ? 1 : -1);
      if (state.negative !== negative) return accept(state.negative ? -1 : 1);
      return accept(state.negative ? -order : order);
    },
    what,
  );
}

/** The largest numerator for which {@link multiples} has few enough states. */
const largestMultiple = 1000;

/** `value` as numerator / 10^places, or null where the numerator is above 1000. */
export function asFraction(value: number): { numerator: number; places: number } | null {
  const { whole, fraction } = digitsOf(value);
  const numerator = Number(whole + fraction);
  return value > 0 && numerator <= largestMultiple ? { numerator, places: fraction.length } : null;
}

/** Exact multiples of numerator / 10^places: the digits, `places` of them in the fraction, are a multiple of numerator. */
function multiples(value: number): Dfa {
  const { numerator, places } = asFraction(value)!;
  return explore<{ remainder: number; fraction: number; started: boolean }>(
    { remainder: 0, fraction: -1, started: false },
    alphabet,
    (state, character) => {
      if (character === '-') return state.started ? null : { ...state, started: true };
      if (character === '.') return places > 0 ? { ...state, fraction: 0 } : null;
      if (state.fraction >= places) return null;
      return {
        remainder: (state.remainder * 10 + Number(character)) % numerator,
        fraction: state.fraction < 0 ? -1 : state.fraction + 1,
        started: true,
      };
    },
    ({ remainder, fraction }) => {
      for (let i = Math.max(0, fraction); i < places; i++) remainder = (remainder * 10) % numerator;
      return remainder === 0;
    },
    what,
  );
}
