/** For tests on hostile input: what became of an action. */
import { InputError } from '../../src/io/errors.js';

/** The message of an InputError that names `where`, or "fine"; anything else that is thrown is thrown on. */
export function outcome(action: () => unknown, where: string): string {
  try {
    action();
    return 'fine';
  } catch (error) {
    if (error instanceof InputError && error.message.includes(where)) return error.message;
    throw error;
  }
}
