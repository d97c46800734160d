/** `telar bench train|decode|gemm|tune` */
import { Command } from 'commander';
import {
  benchDecode,
  benchGemm,
  type BenchShape,
  benchTrain,
  benchTune,
  defaultShape,
  tuneShape,
} from '../bench/index.js';
import { kernels } from '../engine/index.js';
import { InputError } from '../io/errors.js';
import { threadsFlag, useThreads, wholeNumber } from './flags.js';

interface Flags extends BenchShape {
  batch: number;
  threads?: number;
  json?: boolean;
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)}%`;

function measure<F extends Flags>(
  name: string,
  description: string,
  batch: number,
  run: (flags: F) => unknown,
  shape = defaultShape,
): Command {
  const command = new Command(name).description(description);
  for (const key of ['layers', 'width', 'heads', 'context', 'vocab'] as const)
    command.option(`--${key} <n>`, `${key} of the model`, wholeNumber(1, 1 << 20), shape[key]);
  return command
    .option('--family <name>', 'gpt2 or llama', shape.family)
    .option('--batch <n>', 'sequences at a time', wholeNumber(1, 4096), batch)
    .option(...threadsFlag)
    .option('--json', 'print one JSON document')
    .action((flags: F) => {
      if (flags.family !== 'gpt2' && flags.family !== 'llama') throw new InputError('--family must be gpt2 or llama');
      useThreads(flags.threads);
      const result = run(flags);
      if (flags.json) console.log(JSON.stringify(result));
    });
}

function say(flags: Flags, line: string): void {
  if (!flags.json) console.log(line);
}

const train = measure('train', 'speed of training steps, as a share of the FP32 peak', 8, (flags) => {
  const result = benchTrain(flags, flags.batch);
  say(
    flags,
    `${flags.family}, ${(result.parameters / 1e6).toFixed(1)}M parameters, ${flags.batch} x ${flags.context} tokens a step`,
  );
  say(flags, `  ${result.tokensPerSecond.toFixed(0)} tokens/s, ${result.stepMs.toFixed(1)} ms a step`);
  say(
    flags,
    `  ${result.gflops.toFixed(1)} of ${result.peakGflops.toFixed(1)} GFLOP/s: ${percent(result.fractionOfPeak)} of the FP32 peak ` +
      `of ${result.threads} thread(s), ${kernels.instructionSet()}`,
  );
  say(flags, `  peak memory ${result.peakRssMiB.toFixed(0)} MiB`);
  return result;
});

const decode = measure('decode', 'speed of generation, as a share of the read bandwidth', 1, (flags) => {
  const result = benchDecode(flags, flags.batch);
  say(
    flags,
    `${result.tokensPerSecond.toFixed(0)} tokens/s with half a context cached, batch ${flags.batch}, ${result.threads} thread(s)`,
  );
  say(
    flags,
    `  reads ${result.gigabytesPerSecond.toFixed(1)} of ${result.readBandwidth.toFixed(1)} GB/s: ${percent(result.fractionOfBandwidth)} of the bandwidth`,
  );
  return result;
});

const gemm = measure('gemm', 'speed of the matrix product at the shapes of a layer', 8, (flags) => {
  const results = benchGemm(flags, flags.batch);
  for (const { name, m, n, k, gflops, fractionOfPeak } of results)
    say(
      flags,
      `${name.padEnd(32)} ${`${m} x ${n} x ${k}`.padEnd(20)} ${gflops.toFixed(1).padStart(7)} GFLOP/s  ${percent(fractionOfPeak).padStart(6)}`,
    );
  return results;
});

interface TuneFlags extends Flags {
  rank: number;
}

const tune = measure<TuneFlags>(
  'tune',
  'time and memory of a LoRA step beside a full step, in turns',
  1,
  (flags) => {
    const result = benchTune(flags, flags.batch, flags.rank);
    say(
      flags,
      `${flags.family}, ${(result.parameters / 1e6).toFixed(1)}M parameters, ${flags.batch} x ${flags.context} tokens a step, ` +
        `rank ${result.rank} on every matrix of the layers, ${result.rounds} rounds`,
    );
    for (const { name, stepMs, timeRatio, memoryMiB, memoryRatio, trained } of result.methods)
      say(
        flags,
        `  ${name.padEnd(20)} ${stepMs.toFixed(0).padStart(7)} ms ${percent(timeRatio).padStart(7)}` +
          `${memoryMiB.toFixed(0).padStart(9)} MiB ${percent(memoryRatio).padStart(7)}   ${(trained / 1e6).toFixed(2)}M trained`,
      );
    say(
      flags,
      `  the full step runs at ${percent(result.fractionOfPeak)} of the FP32 peak of ${result.threads} thread(s), ` +
        `${result.peakGflops.toFixed(1)} GFLOP/s, ${kernels.instructionSet()}; memory is native memory at the peak of a step`,
    );
    return result;
  },
  tuneShape,
).option('--rank <r>', 'rank of LoRA', wholeNumber(1, 65_536), 8);

export function benchCommand(): Command {
  return new Command('bench')
    .description('measure this machine beside its limits')
    .addCommand(train)
    .addCommand(decode)
    .addCommand(gemm)
    .addCommand(tune)
    .addHelpText(
      'after',
      '\nExample:\n  telar bench train --layers 6 --width 384 --heads 6 --context 256 --vocab 4096 --batch 8',
    );
}
