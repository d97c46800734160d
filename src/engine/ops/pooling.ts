/** From hidden states of packed sequences to one vector a sequence. The last rows are `embedding(hidden, rows)`. */
import { addGrad, record } from '../tape.js';
import { empty, type Tensor } from '../tensor.js';

/**
 * Means of row ranges: out[s] = mean of x[from[s] .. to[s]). Ranges hold at least one row and may leave rows out.
 * @param x [rows, width]
 * @param from [sequences] first row of each
 * @param to [sequences] row after the last
 * @returns [sequences, width]
 */
export function rangeMeans(x: Tensor, from: Int32Array, to: Int32Array): Tensor {
  const width = x.columns;
  const out = empty([from.length, width]);
  const [source, means] = [x.data, out.data];
  const sums = new Float64Array(width);
  for (let s = 0; s < from.length; s++) {
    const [first, end] = [from[s]!, to[s]!];
    if (first < 0 || end <= first || end > x.rows) throw new Error(`rangeMeans: rows ${first} to ${end} of ${x.rows}`);
    sums.fill(0);
    for (let row = first; row < end; row++) for (let j = 0; j < width; j++) sums[j]! += source[row * width + j]!;
    for (let j = 0; j < width; j++) means[s * width + j] = sums[j]! / (end - first);
  }
  return record(out, [x], [], (grad) =>
    addGrad(x, (dx, accumulate) => {
      const [d, g] = [dx.data, grad.data];
      if (!accumulate) d.fill(0);
      for (let s = 0; s < from.length; s++) {
        const share = 1 / (to[s]! - from[s]!);
        for (let row = from[s]!; row < to[s]!; row++)
          for (let j = 0; j < width; j++) d[row * width + j]! += share * g[s * width + j]!;
      }
    }),
  );
}
