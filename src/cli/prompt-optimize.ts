/** `telar prompt optimize` */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { loadLanguageModel } from '../generate/index.js';
import { sha256File, writeAtomic } from '../io/files.js';
import { createProgress } from '../io/progress.js';
import {
  optimizePrompt,
  readCandidatesFile,
  readExampleFile,
  readPromptFile,
  searchReport,
  verdict,
  writeSearch,
} from '../prompt/index.js';
import { threadsFlag, useThreads, wholeNumber } from './flags.js';
import { interruptible } from './interrupt.js';
import { modelOf } from './prompt.js';

interface Flags {
  data: string;
  out: string;
  test?: string;
  candidates?: string;
  budget: number;
  metric?: string;
  model?: string;
  seed: number;
  write?: boolean;
  threads?: number;
  json?: boolean;
}

export function optimizeCommand(): Command {
  return new Command('optimize')
    .description('search for a better prompt on a development set, by successive halving under a budget of tokens')
    .argument('<file>', 'the .prompt.md file to begin with: the seed')
    .requiredOption('--data <file>', 'development set: JSONL with the inputs and "answer"')
    .requiredOption('--out <dir>', 'folder for winner.prompt.md, report.html, report.json, outcomes.jsonl')
    .option('--test <file>', 'held-out set on which the winner is compared with the seed, once')
    .option('--candidates <file>', 'YAML with instructions, forms, separators, labels, examples to try')
    .option('--budget <tokens>', 'tokens that scoring may take', wholeNumber(1, 1e12), 1_000_000)
    .option('--metric <name>', 'accuracy, macro-f1 or likelihood of labels; exact, contains or likelihood of texts')
    .option('--model <dir>', 'model directory (default: the one the prompt file names)')
    .option('--seed <n>', 'seed of the sample, the draws and the intervals', wholeNumber(0, 1e9), 0)
    .option('--write', 'write the winner over the seed file, too')
    .option(...threadsFlag)
    .option('--json', 'print the report as one JSON document')
    .addHelpText(
      'after',
      '\nStopped with Ctrl-C, the same command goes on where it was.\n\nExample:\n' +
        '  telar prompt optimize spam.prompt.md --data dev.jsonl --test test.jsonl --out runs/spam-prompt --budget 400000',
    )
    .action(async (path: string, flags: Flags) => {
      useThreads(flags.threads);
      const file = readPromptFile(path);
      const candidates = flags.candidates === undefined ? undefined : readCandidatesFile(flags.candidates);
      const dev = readExampleFile(flags.data, file.settings);
      const test = flags.test === undefined ? [] : readExampleFile(flags.test, file.settings);
      const model = modelOf(file, flags.model);
      const { adapters } = file.settings;
      const lm = loadLanguageModel(model, { adapters });
      const created = new Date().toISOString();
      const progress = createProgress({ json: flags.json ?? false });
      const { signal, release } = interruptible();
      try {
        const result = await optimizePrompt({
          file,
          lm,
          modelIdentity: [model, ...adapters].map(folderIdentity).join(' '),
          dev,
          test,
          out: flags.out,
          ...(candidates && { candidates }),
          budget: flags.budget,
          ...(flags.metric !== undefined && { metric: flags.metric }),
          seed: flags.seed,
          signal,
          onScored: ({ best, ...state }) => progress.update({ ...state, facts: [{ label: 'best', value: best }] }),
        });
        progress.done();
        const name = basename(path, '.prompt.md');
        const command = `telar ${process.argv.slice(2).join(' ')}`;
        const report = searchReport(result, { name, created, command, model });
        writeSearch(flags.out, result, report);
        if (flags.write && !result.interrupted) writeAtomic(path, report.winner.text);
        if (result.interrupted) process.exitCode = 130;
        if (flags.json) console.log(JSON.stringify(report));
        else {
          console.log(`\n${verdict(result)}`);
          console.log(`${join(flags.out, 'winner.prompt.md')}, ${join(flags.out, 'report.html')}`);
        }
      } finally {
        release();
        progress.done();
      }
    });
}

/** A folder with the hashes of the weights in it: what tells one model from another under the same name. */
function folderIdentity(folder: string): string {
  const weights = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  return [folder, ...weights.toSorted().map((name) => sha256File(join(folder, name)))].join(' ');
}
