/** Numbers and small pictures for people: durations, counts, bars, sparklines, text cut to the width of a terminal. */
import { stripVTControlCharacters } from 'node:util';

/** `850ms`, `3.2s`, `48s`, `4m 12s`, `1h 02m`, `3d 4h`; `?` for what is no time. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '?';
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)}ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const pad = (n: number) => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** Three digits that matter, with an SI prefix: `7`, `950`, `1.23k`, `45.6M`, `2.00G`. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return '?';
  if (value < 0) return `-${formatCount(-value)}`;
  let [scaled, power] = [value, 0];
  while (Number(scaled.toPrecision(3)) >= 1000 && power < prefixes.length - 1)
    [scaled, power] = [scaled / 1000, power + 1];
  if (power === 0 && Number.isInteger(value)) return String(value);
  const digits = Number(scaled.toPrecision(3)) >= 100 ? 0 : Number(scaled.toPrecision(3)) >= 10 ? 1 : 2;
  return scaled.toFixed(digits) + prefixes[power];
}

/** A size in bytes: `12 B`, `1.23 kB`, `45.6 MB`. */
export function formatBytes(bytes: number): string {
  const [, digits, prefix] = /^(.*?)([a-zA-Z]?)$/.exec(formatCount(bytes))!;
  return `${digits} ${prefix}B`;
}

/** A share of 1 in percent: `0.4%`, `12%`, `100%` only for all of it. */
export function formatPercent(share: number): string {
  if (!Number.isFinite(share)) return '?';
  const percent = share * 100;
  if (percent > 0 && percent < 9.95) return `${percent.toFixed(1)}%`;
  return `${percent < 100 ? Math.min(99, Math.round(percent)) : Math.round(percent)}%`;
}

const levels = '▁▂▃▄▅▆▇█';

/** The course of a series in `width` characters or fewer, each the mean of its stretch. */
export function sparkline(values: readonly number[], width: number): string {
  const finite = values.filter((value) => Number.isFinite(value));
  const columns = Math.min(width, finite.length);
  const means = Array.from({ length: columns }, (_, i) => {
    const stretch = finite.slice(
      Math.floor((i * finite.length) / columns),
      Math.floor(((i + 1) * finite.length) / columns),
    );
    return stretch.reduce((sum, value) => sum + value, 0) / stretch.length;
  });
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const level = (value: number) => (high > low ? Math.round(((value - low) / (high - low)) * (levels.length - 1)) : 0);
  return means.map((mean) => levels[level(mean)]).join('');
}

/** The two parts of a bar of `width` characters: what is done, what is left. */
export function bar(share: number, width: number): [done: string, left: string] {
  const filled = Math.floor(Math.min(Math.max(share, 0), 1) * width + 1e-9);
  return ['━'.repeat(filled), '─'.repeat(width - filled)];
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** Text on one line without control characters, broken into at most `lines` lines of `width` columns; "…" where cut. */
export function wrap(text: string, width: number, lines: number): string[] {
  const characters = [
    ...stripVTControlCharacters(text)
      .replaceAll(/[\s\p{Cc}\p{Cf}\p{Cs}]+/gu, ' ')
      .trim(),
  ];
  const wrapped: string[] = [];
  let [line, columns] = ['', 0];
  for (const character of characters) {
    const size = wide.test(character) ? 2 : 1;
    if (columns + size > width) {
      if (wrapped.length === lines - 1) return [...wrapped, `${[...line].slice(0, -1).join('')}…`];
      const space = line.lastIndexOf(' ');
      const cut = space > line.length / 2 ? space : line.length;
      wrapped.push(line.slice(0, cut));
      line = line.slice(cut).trimStart();
      columns = [...line].reduce((sum, c) => sum + (wide.test(c) ? 2 : 1), 0);
    }
    if (line === '' && character === ' ') continue;
    line += character;
    columns += size;
  }
  return line === '' ? wrapped : [...wrapped, line];
}
