/** Keys of a person: single ones from a terminal, else one a line, so that a script can press them too. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface Keys {
  /** The next key, lower case; null when there are no more. */
  next(): Promise<string | null>;
  /** Gives the terminal back. */
  close(): void;
}

/** A terminal, or any stream of lines. */
export type KeyInput = Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };

/** @param onInterrupt told of Ctrl-C, which a terminal that gives single keys gives as a key */
export function openKeys(input: KeyInput, onInterrupt: () => void): Keys {
  return input.isTTY && input.setRawMode ? terminalKeys(input, onInterrupt) : lineKeys(input);
}

/** What is pressed while nothing is asked is forgotten: a key that was held too long answers no question unseen. */
function terminalKeys(input: KeyInput, onInterrupt: () => void): Keys {
  let asked: ((key: string | null) => void) | null = null;
  const answer = (key: string | null): void => {
    asked?.(key);
    asked = null;
  };
  const pressed = (bytes: Buffer): void => {
    const key = bytes.toString('utf8');
    if (key === '\x03') {
      onInterrupt();
      answer(null);
    } else answer(key === '\x04' ? null : key.toLowerCase());
  };
  input.setRawMode!(true);
  input.on('data', pressed);
  input.resume();
  return {
    next: () => new Promise((resolve) => (asked = resolve)),
    close() {
      input.off('data', pressed);
      input.setRawMode!(false);
      input.pause();
    },
  };
}

function lineKeys(input: KeyInput): Keys {
  const lines = createInterface({ input, terminal: false });
  const iterator = lines[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await iterator.next();
      return done ? null : value.trim().toLowerCase();
    },
    close() {
      lines.close();
      input.pause();
    },
  };
}
