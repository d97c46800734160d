/**
 * A user's reward function: `export default async ({ prompt, completion, example, ... }) => number`, run in a thread of its
 * own. A function that throws, gives no finite number or takes too long ends the run with an error that says so.
 */
import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { z } from 'zod';
import { describeError, InputError } from '../../io/errors.js';
import { FunctionThread } from './function-thread.js';
import { number, rewardKind } from './kind.js';

const seconds = number.pipe(z.number().gt(0, 'it is not above 0').max(86_400, 'it is more than a day'));

export const userFunction = rewardKind({
  example: './reward.mjs:timeout=10',
  about: 'what your own function returns: export default ({ prompt, completion, example }) => number',
  settings: z.strictObject({
    /** Of one call. */
    timeout: seconds.default(10),
    /** Of the file, with all that it imports. */
    load: seconds.default(60),
  }),
  open: async ({ timeout, load }, { path }) => {
    checkFile(path);
    const thread = new FunctionThread(path, timeout);
    await thread.load(load);
    return thread;
  },
});

function checkFile(path: string): void {
  const extension = extname(path);
  if (/^\.(?:[cm]?tsx?|jsx)$/.test(extension))
    throw new InputError(
      `the reward function ${path} is not JavaScript: compile it, or write the types as JSDoc comments in a .mjs file`,
    );
  if (!/^\.[cm]?js$/.test(extension))
    throw new InputError(
      `the reward function ${path} must be a .mjs or .js file; a reward model is given as model:FOLDER`,
    );
  try {
    if (statSync(path).isFile()) return;
  } catch (error) {
    throw new InputError(`the reward function ${path}: ${describeError(error)}`, { cause: error });
  }
  throw new InputError(`the reward function ${path} is a folder, not a file`);
}
