/** Numbers on the axes of charts. */

/** How a number is written on an axis. */
export type AxisFormat = 'number' | 'percent' | 'scientific' | 'count';

/** Three to seven round numbers between `low` and `high`. */
export function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** A number on an axis. The page's script holds this very function, so it leans on nothing outside itself. */
export function axisLabel(value: number, format: AxisFormat): string {
  if (value === 0) return '0';
  if (format === 'percent') return `${Number((value * 100).toPrecision(3))}%`;
  if (format === 'scientific') return value.toExponential(1).replace('.0', '').replace('-', '−');
  const [size, suffix] =
    Math.abs(value) >= 1e9
      ? [1e9, 'G']
      : Math.abs(value) >= 1e6
        ? [1e6, 'M']
        : Math.abs(value) >= 1e4
          ? [1e3, 'k']
          : [1, ''];
  return `${Number((value / size).toPrecision(4))}${suffix}`;
}
