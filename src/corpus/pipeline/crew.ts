/** Threads that share out tasks. Results depend on the tasks alone, not on who does them or when. */
import { Worker } from 'node:worker_threads';
import { InputError, RunError } from '../../io/errors.js';
import { type Results, runTask, type Task } from './tasks.js';
import type { WorkerMessage } from './worker.js';

/** Memory of a worker's JavaScript objects at most, in MiB: enough for the largest document, little enough for 1 GiB in all. */
const WORKER_HEAP = 2048;
const WORKER_YOUNG = 16;

export class Crew {
  private readonly size: number;
  private readonly workers: Worker[] = [];

  /** @param size threads; 0 does the work in this one */
  constructor(size: number) {
    this.size = size;
  }

  /**
   * Does all tasks, in order as far as there are threads, and hands over each result.
   * @throws what the first failing task threw, or the signal's reason; tasks that are running end then
   */
  async run<T extends Task>(
    tasks: readonly T[],
    on: {
      result: (index: number, result: Results[T['kind']]) => void;
      progress?: (more: number) => void;
      signal?: AbortSignal;
    },
  ): Promise<void> {
    let next = 0;
    on.signal?.throwIfAborted();
    const drain = async (work: (task: T) => Promise<Results[Task['kind']]>): Promise<void> => {
      while (next < tasks.length) {
        on.signal?.throwIfAborted();
        const index = next++;
        on.result(index, (await work(tasks[index]!)) as Results[T['kind']]);
      }
    };
    if (this.size === 0) return drain((task) => runTask(task, (more) => on.progress?.(more)));
    while (this.workers.length < Math.min(this.size, tasks.length)) this.workers.push(startWorker());
    const stop = (): void => void this.close();
    on.signal?.addEventListener('abort', stop, { once: true });
    try {
      await Promise.all(
        this.workers.slice(0, tasks.length).map((worker) => drain((task) => ask(worker, task, on.progress))),
      );
    } catch (error) {
      await this.close();
      on.signal?.throwIfAborted();
      throw error;
    } finally {
      on.signal?.removeEventListener('abort', stop);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.terminate()));
  }
}

function startWorker(): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP, maxYoungGenerationSizeMb: WORKER_YOUNG },
  });
}

/** Has a worker do a task. */
function ask(worker: Worker, task: Task, onProgress?: (more: number) => void): Promise<Results[Task['kind']]> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      worker.off('message', listen).off('error', fail).off('exit', exit);
    };
    const fail = (error: Error): void => {
      end();
      const memory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      reject(memory ? new RunError(`a thread ran out of memory in ${describe(task)}`) : error);
    };
    const exit = (): void => fail(new RunError(`a thread ended in ${describe(task)}`));
    const listen = (message: WorkerMessage): void => {
      if (message.type === 'progress') return onProgress?.(message.more);
      end();
      if (message.type === 'result') resolve(message.result as Results[Task['kind']]);
      else reject(errorOf(message));
    };
    worker.on('message', listen).on('error', fail).on('exit', exit);
    worker.postMessage(task);
  });
}

function describe(task: Task): string {
  return task.kind === 'clean' ? `${task.parts[0]!.path} and the files after it` : task.kind;
}

function errorOf({ kind, message, stack }: Extract<WorkerMessage, { type: 'error' }>): Error {
  const error =
    kind === 'input' ? new InputError(message) : kind === 'run' ? new RunError(message) : new Error(message);
  error.stack = stack;
  return error;
}
