import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { initializeTransformer, newModelConfig, saveTransformer } from '../../src/model/index.js';
import { byteTokenizer, saveTokenizer } from '../../src/tokenizer/index.js';
import { telar, temporaryFolder } from './telar.js';

const folder = temporaryFolder();
const model = join(folder, 'model');
const data = join(folder, 'data.jsonl');

beforeAll(() => {
  const tokenizer = byteTokenizer();
  const transformer = initializeTransformer(
    newModelConfig('llama', { vocabSize: tokenizer.vocabSize, context: 64, layers: 1, width: 32, heads: 1 }),
    1,
  );
  saveTransformer(transformer, model);
  transformer.dispose();
  saveTokenizer(tokenizer, model);
  const good = {
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Yo' },
    ],
  };
  writeFileSync(data, `${JSON.stringify(good)}\n{"prompt": "a", "prompt": "b", "completion": "c"}\n`);
});

describe('telar tune preview', () => {
  const preview = (...more: string[]) => telar(['tune', 'preview', '--model', model, '--data', data, ...more]);

  it('names the lines of bad examples and exits with 2', async () => {
    const { code, stdout, stderr } = await preview();
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`${data}:2: the key "prompt" stands twice in one object`);
    expect(stderr).not.toContain('at ');
  });

  it('shows an example with its mask, and counts what is left out', async () => {
    const { code, stdout } = await preview('--skip-bad');
    expect(code).toBe(0);
    expect(stdout).toContain('<|endoftext|>User: Hi\nAssistant:⟦ Yo<|endoftext|>⟧');
    expect(stdout).toContain(`1 duplicate key: ${data}:2`);
    const { stdout: json } = await preview('--skip-bad', '--json', '--system', 'Be brief.');
    expect(JSON.parse(json)).toMatchObject({ example: 1, learned: 4, data: { examples: 1, bad: 1 } });
  });

  it('refuses a model whose template cannot be learned with', async () => {
    writeFileSync(
      join(model, 'chat_template.jinja'),
      '{% for m in messages %}<{{ m.role }}>{{ m.content }}{{ eos_token }}{% endfor %}',
    );
    const { code, stderr } = await preview('--skip-bad');
    expect(code).toBe(2);
    expect(stderr).toMatch(/chat_template\.jinja: it has no generation prompt: write "<assistant>" at its end/);
  });
});
