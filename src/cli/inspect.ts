/** `telar inspect` */
import { Command } from 'commander';
import picocolors from 'picocolors';
import { type Inspection, inspectText, loadLanguageModel } from '../generate/index.js';
import { threadsFlag, useThreads, wholeNumber } from './flags.js';

interface Flags {
  model: string;
  text: string;
  top: number;
  threads?: number;
  json?: boolean;
}

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('look inside a model: tokens, attention, and what it expects to come next')
    .requiredOption('--model <dir>', 'model directory')
    .requiredOption('--text <text>', 'text to look at')
    .option('--top <n>', 'candidates to list', wholeNumber(1, 1000), 5)
    .option(...threadsFlag)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  telar inspect --model runs/sotu/final --text "The United States of"')
    .action((flags: Flags) => {
      useThreads(flags.threads);
      const { model, tokenizer } = loadLanguageModel(flags.model);
      const inspection = inspectText(model, tokenizer, flags.text, flags.top);
      if (flags.json) console.log(JSON.stringify(inspection));
      else print(inspection);
    });
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)}%`.padStart(6);
const shown = (text: string): string => JSON.stringify(text).slice(1, -1).replaceAll(' ', '·');

function print({ tokens, next, attention, neighbours }: Inspection): void {
  const { bold, cyan, dim } = picocolors;
  const wide = Math.max(5, ...tokens.map(({ text }) => shown(text).length));
  console.log(bold('Tokens, and what the model expected in their place'));
  for (const { id, text, probability, expected } of tokens) {
    const own = probability === null ? ' '.repeat(6) : percent(probability);
    const list = expected.slice(0, 3).map((each) => `${shown(each.text)} ${percent(each.probability).trim()}`);
    console.log(`  ${dim(String(id).padStart(6))}  ${cyan(shown(text).padEnd(wide))}  ${own}  ${dim(list.join(', '))}`);
  }
  console.log(bold('\nWhere each head looks from the last token'));
  for (const [layer, heads] of attention.entries())
    for (const [head, weights] of heads.entries()) {
      const most = weights
        .map((weight, i) => ({ weight, i }))
        .toSorted((a, b) => b.weight - a.weight)
        .slice(0, 3)
        .map(({ weight, i }) => `${cyan(shown(tokens[i]!.text))} ${percent(weight).trim()}`);
      console.log(`  layer ${layer + 1} head ${head + 1}  ${bars(weights)}  ${most.join(', ')}`);
    }
  console.log(bold('\nNearest embeddings to the last token'));
  console.log(`  ${neighbours.map(({ text, cosine }) => `${cyan(shown(text))} ${cosine.toFixed(2)}`).join(', ')}`);
  console.log(bold('\nWhat comes next'));
  for (const { text, probability } of next)
    console.log(
      `  ${percent(probability)}  ${'█'.repeat(Math.round(40 * probability)).padEnd(1, '▏')} ${cyan(shown(text))}`,
    );
}

/** One character a token, the higher the more it is looked at; the last 60 of a long text. */
function bars(weights: readonly number[]): string {
  const levels = ' ▁▂▃▄▅▆▇█';
  return weights
    .slice(-60)
    .map((weight) => levels[Math.min(8, Math.ceil(weight * 8))])
    .join('');
}
