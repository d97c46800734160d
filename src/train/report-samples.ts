/** The texts of a training report: what the model wrote at different times. */
import { formatCount } from '../io/progress-format.js';
import { escapeHtml as escape, group } from '../report/index.js';
import type { MetricsLine, SampleLine } from './metrics.js';

/** Longest generated text that is shown, in characters. */
const MAX_TEXT = 1200;

/** Samples of one prompt shown in its timeline. */
const MAX_STAGES = 12;

const TITLE = 'What it writes';
const NOTE = 'The same beginning, in colour, continued by the model at different times of its training.';

/** What a run wrote at its evaluations, each with what is known of the run at that step. */
export interface Samples {
  samples: readonly SampleLine[];
  metrics: readonly MetricsLine[];
}

/** The first and the last sample of each prompt side by side, and those between; nothing without samples. */
export function samplesSection(report: Samples, title = TITLE, note = NOTE): string {
  const prompts = new Map<string, Map<number, SampleLine>>();
  for (const sample of report.samples) {
    const steps = prompts.get(sample.prompt) ?? new Map<number, SampleLine>();
    prompts.set(sample.prompt, steps.set(sample.step, sample));
  }
  if (prompts.size === 0) return '';
  const parts = [...prompts.values()].map((steps) =>
    promptPart(
      [...steps.values()].sort((a, b) => a.step - b.step),
      report,
    ),
  );
  return `<h2>${title}</h2>
<p class="note">${note}</p>
${parts.join('\n')}`;
}

/** One prompt: the first and the last sample side by side, then what came between. */
function promptPart(samples: readonly SampleLine[], report: Samples): string {
  const last = samples.at(-1)!;
  if (samples.length === 1) return `<div class="panel after">${stage(last, report)}${generated(last)}</div>`;
  const first = samples[0]!;
  const between = evenly(samples.slice(1, -1), MAX_STAGES).map(
    (sample) => `<li>${stage(sample, report)}${generated(sample)}</li>`,
  );
  const timeline =
    between.length === 0
      ? ''
      : `<details><summary>On the way (${between.length})</summary><ol class="timeline">${between.join('')}</ol></details>`;
  return `<div class="pair">
<section class="panel"><h3>${first.step === 0 ? 'Before' : 'At first'}</h3>${stage(first, report)}${generated(first)}</section>
<section class="panel after"><h3>After</h3>${stage(last, report)}${generated(last)}</section>
</div>
${timeline}`;
}

/** When a sample was made, and how good the model was then. */
function stage({ step }: SampleLine, { metrics }: Samples): string {
  const line = metrics.findLast((one) => one.step <= step);
  const last = (name: string) => metrics.findLast((one) => one.step <= step && one[name] !== undefined)?.[name];
  const [bits, loss] = [last('bitsPerByte'), last('validationLoss')];
  const tokens = line === undefined || step === 0 ? '' : ` · ${formatCount(line.tokens)} tokens`;
  return `<div class="step"><b>step ${group(step)}</b>${tokens}${bits === undefined ? '' : ` · ${bits.toFixed(2)} bits per byte`}${loss === undefined ? '' : ` · validation loss ${loss.toFixed(3)}`}</div>`;
}

function generated({ prompt, text }: SampleLine): string {
  const characters = [...text];
  const shown = characters.length > MAX_TEXT ? `${characters.slice(0, MAX_TEXT).join('')}…` : text;
  return `<p class="text"><mark>${escape(prompt)}</mark>${escape(shown)}</p>`;
}

/** At most `count` items, spread over all. */
function evenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]!);
}
