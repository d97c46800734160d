import { expect, it } from 'vitest';
import { philox, Random } from './hash-random.js';

const hex = (words: Uint32Array) => [...words].map((word) => word.toString(16).padStart(8, '0')).join(' ');

it('gives the published words of Philox4x32-10', () => {
  const zero = new Uint32Array(4);
  philox(zero, 0, 0);
  expect(hex(zero)).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  const ones = new Uint32Array(4).fill(0xffffffff);
  philox(ones, 0xffffffff, 0xffffffff);
  expect(hex(ones)).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
  const pi = Uint32Array.of(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344);
  philox(pi, 0xa4093822, 0x299f31d0);
  expect(hex(pi)).toBe('d16cfe09 94fdcceb 5001e420 24126ea1');
});

it('continues from any saved state', () => {
  for (let taken = 0; taken < 9; taken++) {
    const [a, b] = [new Random(7, 3), new Random(7, 3)];
    for (let i = 0; i < taken; i++) a.uint32();
    b.restore(a.state());
    for (let i = 0; i < 9; i++) expect(b.uint32()).toBe(a.uint32());
  }
});

it('has the moments of its distributions', () => {
  const random = new Random(1);
  let [sum, squares, uniform] = [0, 0, 0];
  const n = 50_000;
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < n; i++) {
    const x = random.normal();
    sum += x;
    squares += x * x;
    uniform += random.uniform();
    counts[random.int(7)]!++;
  }
  expect(Math.abs(sum / n)).toBeLessThan(0.02);
  expect(Math.abs(squares / n - 1)).toBeLessThan(0.03);
  expect(Math.abs(uniform / n - 0.5)).toBeLessThan(0.01);
  for (const count of counts) expect(Math.abs(count / n - 1 / 7)).toBeLessThan(0.01);
});

it('shuffles into a permutation', () => {
  const items = Uint32Array.from({ length: 100 }, (_, i) => i);
  new Random(5).shuffle(items);
  expect([...items].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(items[0] === 0 && items[1] === 1 && items[2] === 2).toBe(false);
});
