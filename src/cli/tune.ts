/** `telar tune` */
import { Command } from 'commander';
import { InputError } from '../io/errors.js';
import { methods, promptInits, resumeTuning, tune, type TuneOptions, type TuneResult } from '../tune/index.js';
import { configFlag } from './config-file.js';
import { anyNumber, list, oneOf, positiveNumber, threadsFlag, useThreads, wholeNumber } from './flags.js';
import { interruptible } from './interrupt.js';
import { showTuning } from './show-tuning.js';
import { tunePreviewCommand } from './tune-preview.js';

type Flags = Partial<Omit<TuneOptions, 'out' | 'command' | 'events' | 'signal'>> & {
  out?: string;
  resume?: boolean;
  threads?: number;
  json?: boolean;
};

export function tuneCommand(): Command {
  return new Command('tune')
    .description('teach a model to answer like examples: the whole of it, or a small adapter')
    .option('--method <name>', `${methods.join(', ')} (default lora)`, oneOf('method', ...methods))
    .option('--model <dir>', 'model directory to tune')
    .option('--data <file...>', 'examples: .jsonl or .parquet with messages, or with prompt and completion')
    .option('--out <dir>', 'run directory; what was trained will be in its folder final/')
    .option('--validation <file...>', 'examples to measure with')
    .option('--validation-fraction <f>', 'share of the examples held out to measure with (default 0.1)', anyNumber)
    .option('--adapter <dir>', 'an adapter of the model to go on training')
    .option('--rank <n>', 'LoRA: rank (default 8)', wholeNumber(1, 65_536))
    .option('--alpha <x>', 'LoRA: scale, divided by the rank (default 2 x rank)', positiveNumber)
    .option('--rslora', 'LoRA: divide the scale by the root of the rank')
    .option('--dora', 'LoRA: learn the lengths of the rows too')
    .option('--target-modules <list>', 'LoRA: modules with a low-rank part, such as attn.q,attn.v (default all)', list)
    .option('--modules-to-save <list>', 'LoRA: modules trained whole, such as embed,head', list)
    .option('--virtual-tokens <n>', 'prompt, prefix: tokens that are learned (default 20)', wholeNumber(1, 1 << 20))
    .option('--init <how>', `prompt: ${promptInits.join(', ')} (default vocabulary)`, oneOf('init', ...promptInits))
    .option('--init-text <text>', 'prompt: words to begin from')
    .option(
      '--context <n>',
      'longest example in tokens (default what the model takes, up to 1024)',
      wholeNumber(4, 1 << 20),
    )
    .option('--epochs <e>', 'times through the examples (default 3; prompt and prefix 10)', positiveNumber)
    .option('--steps <s>', 'train for this many updates', wholeNumber(1, 1e12))
    .option('--minutes <m>', 'train for about this long', positiveNumber)
    .option('--batch-tokens <b>', 'tokens of one update (default 2048, less for few examples)', wholeNumber(1, 1e9))
    .option('--optimizer <name>', 'adamw (default), or muon for --method full', oneOf('optimizer', 'adamw', 'muon'))
    .option('--learning-rate <x>', "AdamW's peak learning rate (default by method and width)", positiveNumber)
    .option('--schedule <name>', 'wsd (default), cosine or constant', oneOf('schedule', 'wsd', 'cosine', 'constant'))
    .option(
      '--evaluate-every <n>',
      'updates between evaluations (default a twentieth of the run)',
      wholeNumber(1, 1e12),
    )
    .option(
      '--patience <p>',
      'evaluations without progress that end the run; 0: none do (default 5)',
      wholeNumber(0, 1e9),
    )
    .option('--gradient-checkpointing', 'recompute each layer in backward: less memory, more time')
    .option('--dtype <type>', 'how the frozen base is held: f32 (default) or bf16', oneOf('dtype', 'f32', 'bf16'))
    .option('--skip-bad', 'leave out examples that cannot be used, and say which')
    .option('--save-every <n>', 'a checkpoint every n updates, besides one every two minutes', wholeNumber(1, 1e12))
    .option('--seed <n>', 'seed of the run (default 0)', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option(...threadsFlag)
    .option(...configFlag)
    .option('--resume', 'go on with the run in --out')
    .option('--json', 'print one JSON document at the end; progress goes to stderr')
    .addHelpText(
      'after',
      `
Peak learning rates: full 0.0003 x sqrt(256 / width), lora ten times that, prompt 0.05, prefix 0.02.

Examples:
  telar tune --method lora --model models/base --data examples.jsonl --out runs/lora
  telar tune --method full --model models/base --data examples.jsonl --out runs/full --epochs 2
  telar tune --method prompt --model models/base --data examples.jsonl --out runs/prompt --init-text "Answer briefly."
  telar tune --out runs/lora --resume
  telar generate --model runs/lora/final --prompt "Who are you?"`,
    )
    .enablePositionalOptions() // flags behind `preview` are its own
    .addCommand(tunePreviewCommand())
    .action(runTuning);
}

async function runTuning(flags: Flags): Promise<void> {
  const { out, resume = false, threads, json = false, ...options } = flags;
  useThreads(threads);
  if (out === undefined) throw new InputError('name a run directory: --out DIR');
  const show = showTuning({ out, json });
  const interrupt = interruptible();
  const sitting = { out, events: show.events, signal: interrupt.signal };
  let result: TuneResult;
  try {
    result = resume ? await resumeTuning({ ...options, ...sitting }) : await tune({ ...whole(options), ...sitting });
  } finally {
    show.done();
    interrupt.release();
  }
  show.summary(result);
  if (!result.finished) process.exitCode = 130;
}

function whole({ model, data, method = 'lora', ...rest }: Flags): Omit<TuneOptions, 'out' | 'events' | 'signal'> {
  if (model === undefined) throw new InputError('name the model to tune: --model DIR');
  if (data === undefined) throw new InputError('name files of examples: --data FILE');
  return { ...rest, model, data, method, command: ['telar', ...process.argv.slice(2)].join(' ') };
}
