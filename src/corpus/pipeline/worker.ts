/** A thread of the crew: takes tasks one after another and says what came of them. */
import { parentPort } from 'node:worker_threads';
import { InputError, RunError } from '../../io/errors.js';
import { runTask, type Task } from './tasks.js';

/** What a worker says: how much more is done, the result, or what went wrong. */
export type WorkerMessage =
  | { type: 'progress'; more: number }
  | { type: 'result'; result: unknown }
  | { type: 'error'; kind: 'input' | 'run' | 'bug'; message: string; stack: string };

/** Milliseconds between two messages of progress. */
const INTERVAL = 100;

parentPort?.on('message', (task: Task) => {
  let [pending, last] = [0, performance.now()];
  const say = (message: WorkerMessage): void => parentPort!.postMessage(message);
  const onProgress = (more: number): void => {
    pending += more;
    if (performance.now() - last < INTERVAL) return;
    say({ type: 'progress', more: pending });
    [pending, last] = [0, performance.now()];
  };
  runTask(task, onProgress).then(
    (result) => {
      say({ type: 'progress', more: pending });
      say({ type: 'result', result });
    },
    (error: unknown) => {
      const kind = error instanceof InputError ? 'input' : error instanceof RunError ? 'run' : 'bug';
      const [message, stack] = error instanceof Error ? [error.message, error.stack ?? ''] : [String(error), ''];
      say({ type: 'error', kind, message, stack });
    },
  );
});
