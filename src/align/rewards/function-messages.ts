/** What the thread of a reward function shares with the one that asks it. */

export interface FunctionSetup {
  /** Of the user's file, absolute. */
  path: string;
  clock: SharedArrayBuffer;
}

export type FunctionMessage =
  | { type: 'loaded' }
  | { type: 'unusable'; reason: string }
  | { type: 'values'; values: Float64Array }
  | { type: 'failed'; input: number; reason: string };

/** Which call runs since when, in shared memory: a function that never returns cannot say so itself. */
export class CallClock {
  readonly memory: SharedArrayBuffer;
  private readonly calls: Int32Array;
  private readonly times: Float64Array;

  constructor(memory = new SharedArrayBuffer(16)) {
    this.memory = memory;
    this.calls = new Int32Array(memory);
    this.times = new Float64Array(memory, 8);
  }

  begin(call: number): void {
    this.times[0] = now();
    Atomics.store(this.calls, 0, call);
  }

  /** No call runs any more. */
  stop(): void {
    this.times[0] = Infinity;
  }

  get call(): number {
    return Atomics.load(this.calls, 0);
  }

  /** Milliseconds that the call has taken; below 0 where none runs. */
  elapsed(): number {
    return now() - this.times[0]!;
  }
}

/** Milliseconds by the clock that all threads of a process share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
