/** What a run writes down as it goes: `metrics.jsonl`, `samples.jsonl` and `log.txt` in its run directory. */
import { join } from 'node:path';
import { z } from 'zod';
import { keepLines, LineAppender, readJsonLines } from './json-lines.js';

const number = z.number();
const count = z.int().min(0);

/** Numbers of one step. NaN and infinite numbers become null in JSON, so they are left out of a line. */
const metricsSchema = z
  .object({
    step: count,
    /** Tokens trained on so far. */
    tokens: count,
    /** Seconds of training so far. */
    time: number,
    /** Nats per token of the step's batches. */
    loss: number.optional(),
    learningRate: number.optional(),
    /** Norm of the gradient before it was clipped. */
    gradNorm: number.optional(),
    tokensPerSecond: number.optional(),
    gflops: number.optional(),
    /** gflops by the machine's measured FP32 peak, 0 to 1. */
    fractionOfPeak: number.optional(),
    /** Nats per token of the held-out text. */
    heldOutLoss: number.optional(),
    /** Bits per byte of the held-out text. */
    bitsPerByte: number.optional(),
    /** Nats per learned token of the validation examples. */
    validationLoss: number.optional(),
  })
  .catchall(number.optional());

const sampleSchema = z.object({ step: count, prompt: z.string(), text: z.string() });

export type MetricsLine = z.infer<typeof metricsSchema>;

/** Text generated during training. `text` goes on from `prompt` and does not repeat it. */
export type SampleLine = z.infer<typeof sampleSchema>;

const files = { metrics: 'metrics.jsonl', samples: 'samples.jsonl', log: 'log.txt' } as const;

/** Reads `metrics.jsonl` of a run. @throws InputError naming the line that is wrong */
export function readMetrics(runDirectory: string): MetricsLine[] {
  return readJsonLines(join(runDirectory, files.metrics), metricsSchema);
}

/** Reads `samples.jsonl` of a run. @throws InputError naming the line that is wrong */
export function readSamples(runDirectory: string): SampleLine[] {
  return readJsonLines(join(runDirectory, files.samples), sampleSchema);
}

/** Writes a run's three files, a line at a time; what is written survives the end of the process. */
export class RunLog {
  private readonly metricsFile: LineAppender;
  private readonly samplesFile: LineAppender;
  private readonly logFile: LineAppender;

  /**
   * Opens the files of a run directory, made if need be. With `resumeStep`, lines of later steps are cut off first, and
   * so is a line that a crash tore: the steps after the checkpoint are done again. `log.txt` keeps everything.
   * @throws RunError when the directory cannot be written
   */
  constructor(runDirectory: string, resumeStep?: number) {
    const path = (name: string) => join(runDirectory, name);
    if (resumeStep !== undefined) {
      const stays = (line: string) => stepOf(line) <= resumeStep;
      for (const name of [files.metrics, files.samples]) keepLines(path(name), stays);
      keepLines(path(files.log), () => true);
    }
    this.metricsFile = new LineAppender(path(files.metrics));
    this.samplesFile = new LineAppender(path(files.samples));
    this.logFile = new LineAppender(path(files.log));
  }

  metrics(line: MetricsLine): void {
    const finite = Object.entries(line).filter(([, value]) => Number.isFinite(value));
    this.metricsFile.append(JSON.stringify(Object.fromEntries(finite)));
  }

  sample(line: SampleLine): void {
    this.samplesFile.append(JSON.stringify(line));
  }

  /** Adds a line to `log.txt`, with the time. */
  log(message: string): void {
    this.logFile.append(`${new Date().toISOString()} ${message.replaceAll('\n', '\n  ')}`);
  }

  close(): void {
    for (const file of [this.metricsFile, this.samplesFile, this.logFile]) file.close();
  }
}

/** The step of a line. A line that is not one of ours counts as a later one, so a resumed run drops it. */
function stepOf(line: string): number {
  try {
    const { success, data } = z.object({ step: count }).safeParse(JSON.parse(line));
    return success ? data.step : Infinity;
  } catch {
    return Infinity;
  }
}
