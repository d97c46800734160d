/** The other side of a reward function's thread: asks it, watches its time, and ends it. */
import { Worker } from 'node:worker_threads';
import { InputError, RunError } from '../../io/errors.js';
import { CallClock, type FunctionMessage, type FunctionSetup } from './function-messages.js';
import { type Component, describePrompt, type RewardInput } from './types.js';

/** Memory of a function's JavaScript objects at most, in MiB. */
const HEAP = 1024;

/** What the thread is at: loading its file where there are no inputs. */
interface Asked {
  inputs: readonly RewardInput[] | null;
  resolve: (message: FunctionMessage) => void;
  reject: (error: Error) => void;
}

export class FunctionThread implements Component {
  readonly files: readonly string[];
  private readonly path: string;
  /** Seconds of a call at most. */
  private readonly limit: number;
  private readonly clock = new CallClock();
  private readonly worker: Worker;
  private asked: Asked | null = null;
  /** Batches are judged one after another. */
  private last: Promise<unknown> = Promise.resolve();
  /** Why there is no thread any more. */
  private ended: Error | null = null;

  /** @param path absolute, of a file that exists */
  constructor(path: string, limit: number) {
    this.files = [path];
    this.path = path;
    this.limit = limit;
    // The tests run the sources, but a thread can only run what is built.
    const built = import.meta.url.endsWith('.ts')
      ? '../../../dist/align/rewards/function-worker.js'
      : './function-worker.js';
    this.worker = new Worker(new URL(built, import.meta.url), {
      workerData: { path, clock: this.clock.memory } satisfies FunctionSetup,
      resourceLimits: { maxOldGenerationSizeMb: HEAP },
    });
    this.worker
      .on('message', (message: FunctionMessage) => this.answer(message))
      .on('error', (error: Error & { code?: string }) => this.fail(describeCrash(error)))
      .on('exit', () => this.fail('ended its thread: process.exit was called, or nothing is left to wait for'));
  }

  /** Waits until the file is loaded. @throws InputError where it cannot be, or takes more than `seconds` */
  async load(seconds: number): Promise<void> {
    const timer = setTimeout(() => this.fail(`is not loaded after ${seconds} s`), seconds * 1000);
    try {
      const message = await this.ask(null);
      if (message.type === 'unusable')
        throw new InputError(`the reward function ${this.path} cannot be used: ${message.reason}`);
    } catch (error) {
      await this.dispose();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  score(inputs: readonly RewardInput[]): Promise<Float64Array> {
    const turn = this.last.then(() => this.judge(inputs));
    this.last = turn.catch(() => {});
    return turn;
  }

  async dispose(): Promise<void> {
    this.ended ??= new RunError(`the reward function ${this.path} is closed`);
    await this.worker.terminate();
  }

  private async judge(inputs: readonly RewardInput[]): Promise<Float64Array> {
    if (inputs.length === 0) return new Float64Array();
    this.clock.begin(0);
    const stop = this.watch();
    try {
      const message = await this.ask(inputs);
      if (message.type === 'values') return message.values;
      if (message.type === 'failed') throw this.errorOf(message.reason, inputs[message.input]!);
      throw this.errorOf('sent a message of its own');
    } finally {
      stop();
    }
  }

  private ask(inputs: readonly RewardInput[] | null): Promise<FunctionMessage> {
    if (this.ended) return Promise.reject(this.ended);
    // A thread keeps the process alive only while it is at work.
    this.worker.ref();
    return new Promise((resolve, reject) => {
      this.asked = { inputs, resolve, reject };
      if (inputs) this.worker.postMessage(inputs);
    });
  }

  private answer(message: FunctionMessage): void {
    this.worker.unref();
    this.asked?.resolve(message);
    this.asked = null;
  }

  /** Ends the thread where a call takes too long. This thread may be late itself; the call's own time counts. */
  private watch(): () => void {
    const limit = this.limit * 1000;
    const look = (): void => {
      const elapsed = this.clock.elapsed();
      if (elapsed >= limit) this.fail(`has not returned after ${this.limit} s (timeout=${this.limit})`);
      else timer = setTimeout(look, Math.min(limit, limit - elapsed));
    };
    let timer = setTimeout(look, limit);
    return () => clearTimeout(timer);
  }

  /** The thread is of no use any more. */
  private fail(reason: string): void {
    const { asked } = this;
    this.ended ??= this.errorOf(reason, asked?.inputs?.[this.clock.call]);
    this.asked = null;
    asked?.reject(asked.inputs ? this.ended : new InputError(this.ended.message));
    void this.worker.terminate();
  }

  private errorOf(reason: string, input?: RewardInput): RunError {
    return new RunError(`the reward function ${this.path} ${reason}${input ? `, for ${describePrompt(input)}` : ''}`);
  }
}

function describeCrash({ code, name, message }: Error & { code?: string }): string {
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return `needs more than ${HEAP} MiB of memory`;
  return `failed outside of a call: ${name}: ${message}`;
}
