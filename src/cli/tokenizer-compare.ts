/** `telar tokenizer compare` */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import pc from 'picocolors';
import { describeError, InputError } from '../io/errors.js';
import { compareTokenizers, loadTokenizer, type TokenizerFigures } from '../tokenizer/index.js';

interface CompareFlags {
  text: string;
  json?: boolean;
}

/** Heading of a column, and what stands in it. */
const columns: readonly (readonly [string, (figures: TokenizerFigures) => string])[] = [
  ['vocabulary', ({ vocabSize }) => vocabSize.toLocaleString('en')],
  ['tokens', ({ tokens }) => tokens.toLocaleString('en')],
  ['bytes/token', ({ bytesPerToken }) => bytesPerToken.toFixed(3)],
  ['used', ({ usedTokens, vocabSize }) => `${((100 * usedTokens) / vocabSize).toFixed(1)}%`],
  ['MB/s', ({ megabytesPerSecond }) => megabytesPerSecond.toFixed(1)],
  ['exact', ({ exact }) => (exact ? 'yes' : 'no')],
];

export function compareCommand(): Command {
  return new Command('compare')
    .description('tokens, bytes per token and speed of tokenizers on the same text')
    .argument('<dirs...>', 'folders with tokenizer.json, two or more')
    .requiredOption('--text <file>', 'file of text; - for standard input')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nColumns: used is the share of the vocabulary that occurs in the text; MB/s is encoding on one core; exact says\n' +
        'whether decoding gave the text back byte for byte.\n' +
        '\nExample:\n  telar tokenizer compare tokenizers/books runs/sotu/final --text books/emma.txt',
    )
    .action((folders: string[], flags: CompareFlags) => {
      const tokenizers = folders.map((folder) => loadTokenizer(folder));
      const text = readText(flags.text);
      const figures = compareTokenizers(tokenizers, text);
      if (flags.json) {
        const named = figures.map((figure, i) => ({ tokenizer: folders[i], hash: tokenizers[i]?.hash, ...figure }));
        console.log(JSON.stringify({ bytes: text.length, tokenizers: named }));
      } else {
        console.log(
          `${flags.text === '-' ? 'standard input' : flags.text}: ${text.length.toLocaleString('en')} bytes\n`,
        );
        for (const line of table(folders, figures)) console.log(line);
      }
    });
}

/** Lines of a table with a row for each tokenizer; the fewest tokens and the highest speed stand out. */
function table(names: readonly string[], figures: readonly TokenizerFigures[]): string[] {
  const fewest = Math.min(...figures.map(({ tokens }) => tokens));
  const fastest = Math.max(...figures.map(({ megabytesPerSecond }) => megabytesPerSecond));
  const nameWidth = Math.max('tokenizer'.length, ...names.map((name) => name.length));
  const widths = columns.map(([heading, cell]) => Math.max(heading.length, ...figures.map((row) => cell(row).length)));
  const heading = ['tokenizer'.padEnd(nameWidth), ...columns.map(([name], i) => name.padStart(widths[i] ?? 0))];
  const rows = figures.map((row, r) =>
    [
      (names[r] ?? '').padEnd(nameWidth),
      ...columns.map(([name, cell], i) => {
        const text = cell(row).padStart(widths[i] ?? 0);
        const best =
          (name === 'bytes/token' && row.tokens === fewest) || (name === 'MB/s' && row.megabytesPerSecond === fastest);
        return best ? pc.bold(text) : text;
      }),
    ].join('  '),
  );
  return [pc.dim(heading.join('  ')), ...rows];
}

function readText(file: string): Buffer {
  let text: Buffer;
  try {
    text = readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    throw new InputError(`cannot read ${file === '-' ? 'standard input' : file}: ${describeError(error)}`, {
      cause: error,
    });
  }
  if (text.length === 0) throw new InputError(`${file}: there is no text in it to compare on`);
  return text;
}
