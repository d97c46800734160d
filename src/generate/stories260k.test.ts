import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readLlama2cFile, transformerFrom } from '../model/index.js';
import { readLlama2cTokenizer } from '../tokenizer/index.js';
import { generateText } from './index.js';

const folder = join(process.env['TELAR_DATA'] ?? '../shared/data', 'stories260K');
const withData = existsSync(folder) ? it : it.skip;

withData('stories260K tells its published story (skipped: no ../shared/data)', async () => {
  const stored = readLlama2cFile(join(folder, 'stories260K.bin'));
  const model = transformerFrom(stored);
  stored.close();
  const tokenizer = readLlama2cTokenizer(readFileSync(join(folder, 'tok512.bin')), 512);
  const [completion] = await generateText(model, tokenizer, [''], { temperature: 0, maxTokens: 200 });
  expect(completion!.text).toContain(
    'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.\nLily\'s mom said, "Lily, let\'s go to the park." Lily was sad and didn\'t know what to do. She said, "I want to play with your ball, but I can\'t find it."',
  );
  model.dispose();
});
