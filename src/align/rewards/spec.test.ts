import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatReward, parseReward } from './index.js';
import { FUNCTION, splitSpec } from './spec.js';
import type { RewardSpec } from './types.js';

it('reads weights, names, settings and files', () => {
  const read = (text: string): unknown => {
    const { weight, name, path, options } = splitSpec(text);
    return [weight, name, path, options];
  };
  expect(read('toxicity')).toEqual([1, 'toxicity', null, {}]);
  expect(read('-2*toxicity')).toEqual([-2, 'toxicity', null, {}]);
  expect(read(' .5 * length: min=20, max=60')).toEqual([0.5, 'length', null, { min: '20', max: '60' }]);
  expect(read('0.5*./reward.mjs')).toEqual([0.5, 'function', './reward.mjs', {}]);
  expect(read('reward.mjs:timeout=2')).toEqual([1, 'function', 'reward.mjs', { timeout: '2' }]);
  expect(read('/a\\:b/c:timeout=2')).toEqual([1, 'function', '/a:b/c', { timeout: '2' }]);
  expect(read('2*model:runs/lr=1*2/final')).toEqual([2, 'model', 'runs/lr=1*2/final', {}]);
  expect(read('keywords:require=a|b\\, c=d:e')).toEqual([1, 'keywords', null, { require: 'a|b, c=d:e' }]);
});

it.each([
  ['', /has no name/],
  ['2*', /has no name/],
  [':min=2', /has no name/],
  ['x*toxicity', /"x" of the reward "x\*toxicity" is no weight/],
  ['*toxicity', /is no weight/],
  ['NaN*toxicity', /is no weight/],
  ['Infinity*toxicity', /is no weight/],
  ['1e999*toxicity', /too large/],
  ['0*toxicity', /weight of 0/],
  ['-0.0*toxicity', /weight of 0/],
  ['length:', /KEY=VALUE is missing/],
  ['length:min=1,', /KEY=VALUE is missing/],
  ['length:min', /min has no value/],
  ['length:min=', /min has no value/],
  ['length:min=1,min=2', /min twice/],
  ['length:max=5,mx=6', /no setting "mx"; there are: min, max/],
  ['length:min=many', /min=many: it is not a number/],
  ['length:min=1.5', /not a whole number/],
  ['length:max=0', /below 1/],
  ['length', /needs min or max/],
  ['length:min=9,max=8', /min=9 above max=8/],
  ['end:hard=true', /it has none/],
  ['toxicity:wordless=2', /no probability/],
  ['toxicty', /no reward "toxicty"; there are:\n {2}exact:field=answer\n/],
  ['constructor', /no reward "constructor"/],
])('refuses %j', (text, message) => {
  expect(() => parseReward(text)).toThrow(
    expect.objectContaining({ name: 'InputError', message: expect.stringMatching(message) }),
  );
});

const text = fc.string({
  minLength: 1,
  unit: fc.constantFrom('a', 'B', '\\', ':', ',', '=', '*', '|', ' ', '.', '/', '2'),
});
const key = fc.stringMatching(/^[a-z]{1,5}$/);
const weight = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => value !== 0);
const options = fc.dictionary(key, text, { maxKeys: 3, noNullPrototype: true });
const spec: fc.Arbitrary<RewardSpec> = fc.oneof(
  fc.record({ weight, name: key.filter((name) => name !== 'model'), path: fc.constant(null), options }),
  fc.record({ weight, name: fc.constant(FUNCTION), path: text.map((path) => `${path}/r.mjs`), options }),
  fc.record({ weight, name: fc.constant('model'), path: text, options }),
);

it('reads what it writes', () => {
  fc.assert(
    fc.property(spec, (spec) => {
      expect(splitSpec(formatReward(spec))).toEqual(spec);
    }),
  );
});
