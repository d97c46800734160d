/** The machine a run is on, for `run.json`. */
import { cpus } from 'node:os';
import { kernels } from '../engine/index.js';

/** Processor, threads, instruction set, and the FP32 peak as measured now (some 0.3 s). */
export function describeMachine(): { cpu: string; threads: number; peakGflops: number; isa: string } {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    threads: kernels.threads(),
    peakGflops: kernels.fmaPeak(300),
    isa: kernels.instructionSet(),
  };
}
