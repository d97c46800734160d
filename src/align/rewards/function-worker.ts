/** A thread that runs a user's reward function: loads the file, then judges completions one after another. */
import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { CallClock, type FunctionMessage, type FunctionSetup } from './function-messages.js';
import type { RewardInput } from './types.js';

type Judge = (input: RewardInput) => unknown;

const setup = workerData as FunctionSetup;
const url = pathToFileURL(setup.path).href;
const clock = new CallClock(setup.clock);
const say = (message: FunctionMessage): void => parentPort!.postMessage(message);

/**
 * What a function prints goes to standard error, since standard output is the command's; and at once, so that the last words
 * of a thread that is ended are not lost.
 */
function printToStandardError(): void {
  const write = (chunk: Buffer, _encoding: BufferEncoding, done: () => void): void => {
    for (let from = 0; from < chunk.length;) {
      try {
        from += writeSync(2, chunk, from);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') break; // nobody listens
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
    }
    done();
  };
  for (const name of ['stdout', 'stderr'])
    Object.defineProperty(process, name, { value: new Writable({ write }), configurable: true });
}

async function load(): Promise<Judge | null> {
  try {
    const { default: judge } = (await import(url)) as { default?: unknown };
    if (typeof judge === 'function') {
      say({ type: 'loaded' });
      return judge as Judge;
    }
    const what = judge === undefined ? 'it has no default export' : 'its default export is no function';
    say({ type: 'unusable', reason: `${what}: write export default ({ prompt, completion, example }) => number` });
  } catch (error) {
    const hint = error instanceof SyntaxError ? ' (node --check shows where)' : '';
    say({ type: 'unusable', reason: `${describe(error)}${hint}` });
  }
  return null;
}

async function judgeAll(judge: Judge, inputs: readonly RewardInput[]): Promise<FunctionMessage> {
  const values = new Float64Array(inputs.length);
  for (const [i, input] of inputs.entries()) {
    clock.begin(i);
    let value: unknown;
    try {
      value = await judge(input);
    } catch (error) {
      return { type: 'failed', input: i, reason: `threw ${describe(error)}` };
    }
    if (typeof value !== 'number' || !Number.isFinite(value))
      return { type: 'failed', input: i, reason: `returned ${nameOf(value)}, which is no finite number` };
    values[i] = value;
  }
  return { type: 'values', values };
}

function nameOf(value: unknown): string {
  if (value === undefined || value === null || typeof value === 'number') return String(value);
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`;
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

/** What was thrown, with the line of the user's file. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return nameOf(error);
  const line = error.stack?.split(url)[1]?.match(/^:(\d+)/)?.[1];
  return `${error.name}: ${error.message}${line === undefined ? '' : ` (line ${line})`}`;
}

printToStandardError();
const judge = await load();
if (judge)
  parentPort!.on('message', (inputs: readonly RewardInput[]) => {
    void judgeAll(judge, inputs).then((message) => {
      clock.stop();
      say(message);
    });
  });
