/**
 * The one progress display. On a terminal a panel that is drawn over and over; elsewhere a line now and then. It never
 * uses a timer: it draws when it is told something, so it costs nothing between.
 */
import { createLogUpdate } from 'log-update';
import picocolors from 'picocolors';
import { bar, formatBytes, formatCount, formatDuration, formatPercent, sparkline, wrap } from './progress-format.js';

/** What is going on now. Only the title is needed. */
export interface ProgressState {
  /** What is being done, in a word or two. Another title is another phase: the one before is left on its own line. */
  title: string;
  done?: number;
  total?: number;
  /** What `done` counts: "bytes" is shown as a size, any other word after the number. */
  unit?: string;
  /** Units a second; by default the mean since the phase began. */
  rate?: number;
  /** Seconds left; by default from the rate. */
  secondsLeft?: number;
  /** Figures to show, such as `{ label: 'loss', value: '3.14' }`. */
  facts?: readonly { label: string; value: string }[];
  /** A series to draw as a curve, oldest first. */
  series?: { label: string; values: readonly number[] };
  /** Text to show an excerpt of. */
  sample?: string;
}

export interface Progress {
  /** Tells what is going on; cheap to call often. */
  update(state: ProgressState): void;
  /** Prints text that stays, above the panel. */
  note(text: string): void;
  /** Draws the last state, leaves it standing and gives the terminal back. */
  done(): void;
}

/** Where a display writes: a terminal or any other stream. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface ProgressOptions {
  /** True with `--json`: stdout belongs to the result, so everything goes to stderr. */
  json?: boolean;
  /** By default stderr with `json`, else stdout. */
  stream?: ProgressStream;
  /** Milliseconds between lines where there is no terminal (default 10,000). */
  lineInterval?: number;
  /** Milliseconds between drawings of the panel (default 80). */
  drawInterval?: number;
  /** The clock, in milliseconds. */
  now?: () => number;
  /** Environment to look for NO_COLOR and TERM in. */
  env?: Record<string, string | undefined>;
}

/** A state with what follows from the clock. */
interface Reading extends ProgressState {
  /** Seconds since the phase began. */
  seconds: number;
}

/** Starts a display. Call `done` at the end, also after an error. */
export function createProgress(options: ProgressOptions = {}): Progress {
  const { json = false, now = () => performance.now(), env = process.env } = options;
  const stream: ProgressStream = options.stream ?? (json ? process.stderr : process.stdout);
  // A pseudo-terminal of no size, as some CI systems give, shows nothing that is wrapped to it.
  const terminal = stream.isTTY === true && stream.columns !== 0 && env['TERM'] !== 'dumb';
  const paint = picocolors.createColors(terminal && !env['NO_COLOR']);
  const interval = terminal ? (options.drawInterval ?? 80) : (options.lineInterval ?? 10_000);
  const panel = terminal ? createLogUpdate(stream as NodeJS.WriteStream) : null;

  let current: ProgressState | null = null;
  let [began, beganAt, drawn, stale, updated] = [0, 0, -Infinity, false, 0];
  const reading = (state: ProgressState): Reading => {
    const seconds = (updated - began) / 1000;
    const rate = state.rate ?? (state.done !== undefined && seconds > 0 ? (state.done - beganAt) / seconds : undefined);
    const left = state.total !== undefined && state.done !== undefined ? state.total - state.done : undefined;
    const secondsLeft = state.secondsLeft ?? (left !== undefined && rate ? left / rate : undefined);
    return {
      ...state,
      seconds,
      ...(rate !== undefined && { rate }),
      ...(secondsLeft !== undefined && { secondsLeft }),
    };
  };
  const draw = () => {
    if (!current) return;
    if (panel) panel(panelLines(reading(current), stream.columns ?? 80, paint).join('\n'));
    else stream.write(`${plainLine(reading(current))}\n`);
    [drawn, stale] = [now(), false];
  };
  const write = (text: string) => {
    panel?.clear();
    stream.write(`${text}\n`);
  };
  /** Puts the phase that is over on a line of its own. */
  const finish = () => {
    if (!current) return;
    if (panel) write(finishedLine(reading(current), paint));
    else if (stale) draw();
    current = null;
  };

  return {
    update(state) {
      const time = now();
      if (state.title !== current?.title) {
        finish();
        [began, beganAt, drawn] = [time, state.done ?? 0, -Infinity];
      }
      [current, stale, updated] = [state, true, time];
      if (time - drawn >= interval) draw();
    },
    note(text) {
      write(text);
      if (panel) draw();
    },
    done() {
      if (current && stale) draw();
      panel?.done();
      current = null;
    },
  };
}

/** `1.2M of 3.4M tokens` */
function amount({ done, total, unit = '' }: ProgressState): string {
  if (done === undefined) return '';
  const show = unit === 'bytes' ? formatBytes : formatCount;
  const word = unit === 'bytes' || unit === '' ? '' : ` ${unit}`;
  return `${show(done)}${total === undefined ? '' : ` of ${show(total)}`}${word}`;
}

function speed({ rate, unit = '' }: Reading): string {
  if (rate === undefined || unit === '') return '';
  return unit === 'bytes' ? `${formatBytes(rate)}/s` : `${formatCount(rate)} ${unit}/s`;
}

function share({ done, total }: ProgressState): number | null {
  return done === undefined || !total ? null : Math.min(1, done / total);
}

function timeLeft({ secondsLeft, seconds, done, total }: Reading): string {
  if (done !== undefined && done === total) return `in ${formatDuration(seconds)}`;
  return secondsLeft === undefined ? '' : `${formatDuration(secondsLeft)} left`;
}

function plainLine(state: Reading): string {
  const part = share(state);
  const facts = (state.facts ?? []).map(({ label, value }) => `${label} ${value}`);
  const pieces = [part === null ? '' : formatPercent(part), amount(state), ...facts, speed(state), timeLeft(state)];
  return `${state.title}: ${pieces.filter((piece) => piece !== '').join(', ') || 'begun'}`;
}

type Paint = ReturnType<typeof picocolors.createColors>;

function finishedLine(state: Reading, paint: Paint): string {
  const { total: _, ...counted } = state;
  const facts = (state.facts ?? []).map(({ label, value }) => `${label} ${value}`);
  const rest = [amount(counted), ...facts, formatDuration(state.seconds)].filter((piece) => piece !== '');
  return `${paint.green('✓')} ${paint.bold(state.title)}  ${paint.dim(rest.join(' · '))}`;
}

/** Width of the column of labels. */
const LABELS = 10;

function panelLines(state: Reading, columns: number, paint: Paint): string[] {
  const width = Math.max(30, Math.min(columns - 1, 100));
  const label = (text: string) => paint.dim(`  ${text.padEnd(LABELS)}`);
  const room = width - LABELS - 2;
  const part = share(state);
  const lines: string[] = [];
  if (part === null) lines.push(`${paint.cyan('●')} ${paint.bold(state.title)}  ${paint.dim(amount(state))}`);
  else {
    const barWidth = Math.max(8, Math.min(40, width - state.title.length - 12));
    const [done, left] = bar(part, barWidth);
    const percent = formatPercent(part).padStart(4);
    lines.push(`${paint.cyan('●')} ${paint.bold(state.title)}  ${paint.cyan(done)}${paint.dim(left)} ${percent}`);
  }
  const status = [amount(state), speed(state), timeLeft(state)].filter((piece) => piece !== '');
  if (part !== null) for (const line of flow(status, ' · ', room)) lines.push(label('') + line);
  const facts = (state.facts ?? []).map((fact) => ({ ...fact, length: fact.label.length + 1 + fact.value.length }));
  for (const row of rows(facts, room))
    lines.push(label('') + row.map((fact) => `${paint.dim(fact.label)} ${paint.bold(fact.value)}`).join('   '));
  if (state.series && state.series.values.length > 1) {
    const curve = sparkline(state.series.values, Math.min(room, 60));
    lines.push(label(state.series.label.slice(0, LABELS - 1)) + paint.magenta(curve));
  }
  const sample = wrap(state.sample ?? '', room, 3);
  for (const [i, line] of sample.entries()) lines.push(label(i === 0 ? 'sample' : '') + paint.italic(line));
  return lines;
}

/** Items in rows no wider than `width`, three columns between them. */
function rows<T extends { length: number }>(items: readonly T[], width: number): T[][] {
  const all: T[][] = [];
  let used = Infinity;
  for (const item of items) {
    if (used + 3 + item.length > width) {
      all.push([]);
      used = -3;
    }
    all.at(-1)!.push(item);
    used += 3 + item.length;
  }
  return all;
}

function flow(pieces: readonly string[], separator: string, width: number): string[] {
  return rows(
    pieces.map((text) => ({ text, length: text.length })),
    width,
  ).map((row) => row.map(({ text }) => text).join(separator));
}
