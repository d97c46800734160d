/** The real model that tests check against, where the data folder is present, and its published greedy text. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = join(process.env['TELAR_DATA'] ?? resolve(import.meta.dirname, '../../../shared/data'), 'stories260K');

/** A Llama-family model of 260 thousand parameters in llama2.c's legacy format. */
export const storiesModelPath = join(folder, 'stories260K.bin');
/** Its tokenizer of 512 tokens. */
export const storiesTokenizerPath = join(folder, 'tok512.bin');
/** Whether both files are here. */
export const hasStories = existsSync(storiesModelPath) && existsSync(storiesTokenizerPath);
/** Appended to a test's name where it is skipped. */
export const storiesNote = hasStories ? '' : ' (skipped: no ../shared/data)';

/** How greedy decoding from the BOS token begins. */
export const storiesText =
  'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a ' +
  'big, red ball. She wanted to play with it, but it was too high.\n' +
  'Lily\'s mom said, "Lily, let\'s go to the park." Lily was sad and didn\'t know what to do. She said, "I want to ' +
  'play with your ball, but I can\'t find it."';
