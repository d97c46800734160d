import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16 } from './half.js';

const allHalves = Uint16Array.from({ length: 65536 }, (_, i) => i);

function convert(decode: (half: Uint16Array, into: Float32Array) => void): Float32Array {
  const values = new Float32Array(65536);
  decode(allHalves, values);
  return values;
}

describe('16-bit floating point', () => {
  it('decodes every F16 value as IEEE 754 defines it', () => {
    const values = convert(float16ToFloat32);
    const expected = Array.from(allHalves, (half) => {
      const sign = half & 0x8000 ? -1 : 1;
      const exponent = (half >> 10) & 31;
      const fraction = half & 1023;
      const finite = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
      return sign * (exponent < 31 ? finite : fraction === 0 ? Infinity : NaN);
    });
    expect(expected.findIndex((value, half) => !Object.is(values[half], value))).toBe(-1);
  });

  it('decodes every BF16 value as the upper half of a float32', () => {
    const bits = new Uint32Array(convert(bfloat16ToFloat32).buffer);
    expect(bits.every((word, half) => word === half * 65536)).toBe(true);
  });

  it('encodes BF16 back to the same bits, NaN apart, which stays NaN of the same sign', () => {
    const back = new Uint16Array(65536);
    float32ToBfloat16(convert(bfloat16ToFloat32), back);
    const differs = (half: number) => {
      const isNaN = (half & 0x7fff) > 0x7f80;
      return isNaN ? back[half] !== (half | 0x40) : back[half] !== half;
    };
    expect([...allHalves].filter(differs)).toEqual([]);
  });

  it('rounds to the nearest BF16, and to the even one between two', () => {
    const table = convert(bfloat16ToFloat32);
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const half = new Uint16Array(1);
        float32ToBfloat16(Float32Array.of(value), half);
        const error = (bits: number) => Math.abs(table[bits]! - value);
        const chosen = half[0]!;
        for (const other of [chosen - 1, chosen + 1]) {
          if ((other & 0x7fff) >= 0x7f80 || (other ^ chosen) & 0x8000 || (chosen & 0x7fff) === 0x7f80) continue;
          expect(error(chosen) < error(other) || (error(chosen) === error(other) && chosen % 2 === 0)).toBe(true);
        }
      }),
    );
    const halves = new Uint16Array(4);
    float32ToBfloat16(Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4028234e38, -0), halves);
    expect([...halves]).toEqual([0x3f80, 0x3f82, 0x7f80, 0x8000]);
  });
});
