/** `telar align` */
import { Command } from 'commander';
import { align, type AlignOptions, type AlignResult, methods, resumeAlignment } from '../align/index.js';
import { InputError } from '../io/errors.js';
import { addMethodSettings, settingsIn } from './align-settings.js';
import { anyNumber, list, oneOf, positiveNumber, threadsFlag, useThreads, wholeNumber } from './flags.js';
import { interruptible } from './interrupt.js';
import { showAlignment } from './show-align.js';

type Flags = Partial<Omit<AlignOptions, 'out' | 'command' | 'events' | 'signal' | 'rewards' | 'checks' | 'alarms'>> & {
  out?: string;
  reward?: readonly string[];
  check?: readonly string[];
  alarm?: readonly string[];
  /** False for `--no-alarms`. */
  alarms?: boolean;
  resume?: boolean;
  acceptRewards?: boolean;
  threads?: number;
  json?: boolean;
};

export function alignCommand(): Command {
  const command = new Command('align')
    .description('make a model better by feedback: preferences, or rewards for what it writes')
    .option('--method <name>', methods.join(', '), oneOf('method', ...methods))
    .option('--model <dir>', 'model directory to align')
    .option('--data <file...>', 'pairs (reward, dpo, orpo, simpo), thumbs or pairs (kto), prompts (ppo, grpo)')
    .option('--out <dir>', 'run directory; what was made will be in its folder final/')
    .option('--held-out <file...>', 'records to measure with')
    .option('--held-out-fraction <f>', 'share of the prompts held out to measure with (default 0.1)', anyNumber)
    .option('--reward <spec...>', 'ppo, grpo: what an answer is worth, such as 0.5*length:max=60 or ./reward.mjs')
    .option('--check <spec...>', 'ppo, grpo: rewards that are measured on held-out prompts and not learned from')
    .option('--weights <which>', 'what is trained: lora (default) or full', oneOf('weights', 'lora', 'full'))
    .option('--rank <n>', 'LoRA: rank (default 8)', wholeNumber(1, 65_536))
    .option('--alpha <x>', 'LoRA: scale, divided by the rank (default 2 x rank)', positiveNumber)
    .option('--target-modules <list>', 'LoRA: modules with a low-rank part, such as attn.q,attn.v (default all)', list)
    .option('--modules-to-save <list>', 'LoRA: modules trained whole, such as embed,head', list)
    .option('--learning-rate <x>', 'peak learning rate (default by method and width)', positiveNumber);
  return addMethodSettings(command)
    .option(
      '--context <n>',
      'longest prompt with its answer in tokens (default what the model takes, up to 1024)',
      wholeNumber(4, 1 << 20),
    ) // prettier-ignore
    .option('--epochs <e>', 'times through the data (default 1)', positiveNumber)
    .option('--steps <s>', 'train for this many updates', wholeNumber(1, 1e12))
    .option('--minutes <m>', 'train for about this long', positiveNumber)
    .option(
      '--batch-tokens <b>',
      'reward: tokens of one update; others: most tokens at a time (default 2048)',
      wholeNumber(1, 1e9),
    ) // prettier-ignore
    .option(
      '--batch-size <n>',
      'dpo, kto, orpo, simpo: pairs or thumbs of one update (default 16)',
      wholeNumber(1, 1e9),
    ) // prettier-ignore
    .option('--schedule <name>', 'wsd (default), cosine or constant', oneOf('schedule', 'wsd', 'cosine', 'constant'))
    .option(
      '--evaluate-every <n>',
      'updates between evaluations (default a twentieth of the run)',
      wholeNumber(1, 1e12),
    ) // prettier-ignore
    .option(
      '--patience <p>',
      'evaluations without progress that end the run; 0: none do (default 5; ppo, grpo 0)',
      wholeNumber(0, 1e9),
    ) // prettier-ignore
    .option(
      '--best <metric>',
      'held-out number whose best step is kept in final/ (default heldOutLoss; ppo, grpo: check, or heldOutReward without one)',
    )
    .option('--alarm <name=limit...>', 'another limit of an alarm, such as kl=20, or length=off')
    .option('--no-alarms', 'go on whatever happens; with --resume, also after an alarm')
    .option('--dtype <type>', 'how the frozen base is held: f32 (default) or bf16', oneOf('dtype', 'f32', 'bf16'))
    .option('--skip-bad', 'leave out records that cannot be used, and say which')
    .option('--save-every <n>', 'a checkpoint every n updates, besides one every two minutes', wholeNumber(1, 1e12))
    .option('--seed <n>', 'seed of the run (default 0)', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option(...threadsFlag)
    .option('--resume', 'go on with the run in --out')
    .option('--accept-rewards', 'with --resume: go on though a file of a reward has changed, as after mending it')
    .option('--json', 'print one JSON document at the end; progress goes to stderr')
    .addHelpText('after', examples)
    .action(runAlignment);
}

const examples = `
Alarms end a run that goes wrong (reward hacking, long or repeated answers, lost entropy, far from the base); what was best
before is in final/ then, and the exit code is 0.

Examples:
  telar align --method reward --model models/base --data pairs.jsonl --out runs/reward
  telar align --method dpo --model models/base --data pairs.jsonl --out runs/dpo --beta 0.1
  telar align --method grpo --model models/base --data prompts.jsonl --out runs/grpo --reward model:runs/reward/final
  telar align --method ppo --model models/base --data prompts.jsonl --out runs/ppo --reward ./reward.mjs --check toxicity
  telar align --out runs/ppo --resume`;

async function runAlignment(flags: Flags): Promise<void> {
  const { out, resume = false, acceptRewards = false, threads, json = false, ...options } = flags;
  useThreads(threads);
  if (out === undefined) throw new InputError('name a run directory: --out DIR');
  const show = showAlignment({ out, json });
  const interrupt = interruptible();
  const sitting = { out, events: show.events, signal: interrupt.signal };
  const { saveEvery } = options;
  const going = {
    acceptRewards,
    ...(saveEvery !== undefined && { saveEvery }),
    ...(options.alarms === false && { alarms: false as const }),
  };
  let result: AlignResult;
  try {
    result = resume ? await resumeAlignment({ ...going, ...sitting }) : await align({ ...whole(options), ...sitting });
  } finally {
    show.done();
    interrupt.release();
  }
  show.summary(result);
  if (!result.finished) process.exitCode = 130;
}

function whole(flags: Flags): Omit<AlignOptions, 'out' | 'events' | 'signal'> {
  const { model, data, method, reward, check, alarm, alarms, ...rest } = flags;
  if (method === undefined) throw new InputError(`name a method: --method ${methods.join(', ')}`);
  if (model === undefined) throw new InputError('name the model to align: --model DIR');
  if (data === undefined) throw new InputError('name files of feedback or prompts: --data FILE');
  const { settings, others } = settingsIn(rest);
  return {
    ...others,
    settings,
    method,
    model,
    data,
    ...(reward && { rewards: reward }),
    ...(check && { checks: check }),
    ...(alarms === false ? { alarms: false } : alarm && { alarms: alarm }),
    command: ['telar', ...process.argv.slice(2)].join(' '),
  };
}
