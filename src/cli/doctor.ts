/** `telar doctor`: what this machine is, and whether the kernels compute. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { Command } from 'commander';
import { empty, kernels, scope } from '../engine/index.js';
import { RunError } from '../io/errors.js';
import { useThreads } from './flags.js';

/** Largest error of a ragged product against plain arithmetic. */
function productError(): number {
  return scope(() => {
    const [m, n, k] = [37, 41, 53];
    const [a, b, c] = [empty([m, k]), empty([n, k]), empty([m, n])];
    a.data.forEach((_, i, all) => (all[i] = Math.sin(i)));
    b.data.forEach((_, i, all) => (all[i] = Math.cos(i)));
    kernels.gemm(false, true, m, n, k, a.raw, 0, k, b.raw, 0, k, c.raw, 0, n, 1, 0, 0);
    let worst = 0;
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let x = 0; x < k; x++) sum += a.data[i * k + x]! * b.data[j * k + x]!;
        worst = Math.max(worst, Math.abs(sum - c.data[i * n + j]!));
      }
    return worst;
  });
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what this machine is, and whether the kernels compute')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  telar doctor')
    .action((flags: { json?: boolean }) => {
      useThreads(undefined);
      const error = productError();
      const report = {
        node: process.version,
        platform: `${process.platform} ${process.arch}`,
        processor: cpus()[0]?.model ?? 'unknown',
        processors: availableParallelism(),
        memoryGiB: totalmem() / 2 ** 30,
        instructionSet: kernels.instructionSet(),
        peakGflops: kernels.fmaPeak(300),
        kernelError: error,
      };
      if (flags.json) console.log(JSON.stringify(report));
      else {
        console.log(`Node ${report.node} on ${report.platform}`);
        console.log(
          `${report.processor}, ${report.processors} processor(s), ${report.memoryGiB.toFixed(1)} GiB of memory`,
        );
        console.log(`kernels: ${report.instructionSet}, ${report.peakGflops.toFixed(0)} GFLOP/s at most in FP32`);
        console.log(`kernel check: largest error ${error.toExponential(1)}`);
      }
      if (!(error < 1e-4)) throw new RunError('the kernels compute wrong results here; rebuild them with npm ci');
    });
}
