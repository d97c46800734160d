/**
 * 16-bit floating point to float32 and back, on bits, so that every value including subnormals, infinities and NaN
 * payloads is exact. Formats: IEEE 754 binary16 (F16), and bfloat16, the upper half of a float32 (BF16).
 */

let halfBits: Uint32Array | undefined;

/** Bits of the float32 for each of the 65,536 binary16 values. */
function halfTable(): Uint32Array {
  if (halfBits) return halfBits;
  const table = new Uint32Array(65536);
  for (let half = 0; half < 65536; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) {
      table[half] = sign | 0x7f800000 | (fraction << 13);
    } else if (exponent > 0) {
      table[half] = sign | ((exponent + 112) << 23) | (fraction << 13);
    } else if (fraction > 0) {
      // Subnormal, worth fraction * 2^-24: shift the leading one out and lower the exponent to match.
      const shift = Math.clz32(fraction) - 21;
      table[half] = sign | ((113 - shift) << 23) | (((fraction << shift) & 1023) << 13);
    } else {
      table[half] = sign;
    }
  }
  return (halfBits = table);
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** Converts F16 bits to float32. Both arrays have the same length. */
export function float16ToFloat32(half: Uint16Array, into: Float32Array): void {
  const table = halfTable();
  const bits = bitsOf(into);
  for (let i = 0; i < half.length; i++) bits[i] = table[half[i]!]!;
}

/** Converts BF16 bits to float32. Both arrays have the same length. */
export function bfloat16ToFloat32(half: Uint16Array, into: Float32Array): void {
  const bits = bitsOf(into);
  for (let i = 0; i < half.length; i++) bits[i] = half[i]! << 16;
}

/** Converts float32 to BF16 bits, rounding to nearest, ties to even; NaN stays NaN. Both arrays have the same length. */
export function float32ToBfloat16(values: Float32Array, into: Uint16Array): void {
  const bits = bitsOf(values);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    into[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
}
