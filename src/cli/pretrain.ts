/** `telar pretrain` */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { InputError } from '../io/errors.js';
import { pretrain, type PretrainResult, resumePretraining } from '../train/index.js';
import { oneOf, positiveNumber, threadsFlag, useThreads, wholeNumber } from './flags.js';
import { interruptible } from './interrupt.js';
import { showPretraining } from './show-pretraining.js';

interface Flags {
  out: string;
  depth?: number;
  layers?: number;
  width?: number;
  heads?: number;
  context?: number;
  vocab?: number;
  tokenizer?: 'bpe' | 'byte';
  minutes?: number;
  tokens?: number;
  steps?: number;
  batchTokens?: number;
  optimizer?: 'muon' | 'adamw';
  learningRate?: number;
  schedule?: 'wsd' | 'cosine' | 'constant';
  saveEvery?: number;
  seed?: number;
  threads?: number;
  resume?: boolean;
  json?: boolean;
}

export function pretrainCommand(): Command {
  return new Command('pretrain')
    .description('train a new model on files or folders of text')
    .argument('[paths...]', 'text files (.txt, .md, .jsonl), folders of them, or a folder that telar corpus made')
    .requiredOption('--out <dir>', 'run directory; the model will be in its folder final/')
    .option('--depth <n>', 'layers, from which width, heads and training follow (default 3)', wholeNumber(1, 1000))
    .option('--layers <n>', 'layers', wholeNumber(1, 10_000))
    .option('--width <n>', 'width of the model', wholeNumber(2, 1 << 20))
    .option('--heads <n>', 'attention heads', wholeNumber(1, 1 << 16))
    .option('--context <n>', 'longest sequence in tokens (default 256)', wholeNumber(4, 1 << 20))
    .option('--vocab <n>', 'vocabulary of the BPE tokenizer (default 4096)', wholeNumber(257, 1 << 20))
    .option('--tokenizer <kind>', 'bpe (default) or byte', oneOf('tokenizer', 'bpe', 'byte'))
    .option('--minutes <m>', 'train for about this long (default 10)', positiveNumber)
    .option('--tokens <t>', 'train on this many tokens', wholeNumber(1, 1e15))
    .option('--steps <s>', 'train for this many updates', wholeNumber(1, 1e12))
    .option('--batch-tokens <b>', 'tokens of one update', wholeNumber(1, 1e9))
    .option('--optimizer <name>', 'muon (default) or adamw', oneOf('optimizer', 'muon', 'adamw'))
    .option('--learning-rate <x>', "AdamW's peak learning rate", positiveNumber)
    .option('--schedule <name>', 'wsd (default), cosine or constant', oneOf('schedule', 'wsd', 'cosine', 'constant'))
    .option('--save-every <n>', 'a checkpoint every n updates, besides one every two minutes', wholeNumber(1, 1e12))
    .option('--seed <n>', 'seed of the run (default 0)', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option(...threadsFlag)
    .option('--resume', 'go on with the run in --out')
    .option('--json', 'print one JSON document at the end; progress goes to stderr')
    .addHelpText(
      'after',
      `
Examples:
  telar pretrain books/ --out runs/books --minutes 30
  telar pretrain notes.txt --out runs/notes --depth 3 --tokenizer byte --steps 2000
  telar pretrain corpora/web --out runs/web --depth 6 --tokens 100000000
  telar pretrain --out runs/books --resume`,
    )
    .action((paths: string[], flags: Flags) => runPretraining(paths, flags));
}

/** Runs and shows a pretraining; the exit code is 130 when Ctrl-C ended it. */
export async function runPretraining(paths: string[], flags: Flags): Promise<void> {
  useThreads(flags.threads);
  if (paths.length === 0 && !flags.resume) throw new InputError('name files or folders of text to train on');
  for (const path of paths) if (!existsSync(path)) throw new InputError(`${path}: no such file or folder`);
  const command = ['telar', ...process.argv.slice(2)].join(' ');
  const show = showPretraining(flags);
  const interrupt = interruptible();
  let result: PretrainResult;
  try {
    const { out, resume, json: _json, threads: _threads, ...options } = flags;
    result = resume
      ? await resumePretraining({
          out,
          ...(options.saveEvery !== undefined && { saveEvery: options.saveEvery }),
          events: show.events,
          signal: interrupt.signal,
        })
      : await pretrain({ ...options, out, paths, command, events: show.events, signal: interrupt.signal });
  } finally {
    show.done();
    interrupt.release();
  }
  show.summary(result);
  if (!result.finished) process.exitCode = 130;
}
