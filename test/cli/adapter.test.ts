/** Adapters as a user meets them: generate, chat, show, merge, and what is said when they do not fit. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEMPLATE, writeAdapterFolders } from '../reference/adapter-folders.js';
import { telar, temporaryFolder } from './telar.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
beforeAll(() => writeAdapterFolders(folder));

const greedy = ['--prompt', 'The people', '--max-tokens', '12', '--temperature', '0', '--json'];
async function generated(...flags: string[]): Promise<string> {
  const { code, stdout, stderr } = await telar(['generate', ...greedy, ...flags]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

it('telar generate --adapter, twice, is the adapter that names its base with the other', async () => {
  const adapters = ['lora', 'prompt'].flatMap((name) => ['--adapter', at(`adapters/${name}`)]);
  const both = await generated('--model', at('base'), ...adapters);
  expect(await generated('--model', at('adapters/lora'), ...adapters.slice(2))).toBe(both);
  const { code, stderr, stdout } = await telar(['generate', ...greedy, '--model', at('adapters/lost')]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^telar: .*its base model meta\/nowhere is not a model directory here.*\n$/);
});

it('telar chat --adapter answers', async () => {
  const flags = ['--max-tokens', '5', '--temperature', '0', '--adapter', at('adapters/prefix')];
  const { code, stderr } = await telar(['chat', '--model', at('base'), ...flags], { input: 'Hi\n' });
  expect(stderr).not.toMatch(/telar:/);
  expect(code).toBe(0);
});

describe('telar adapter', () => {
  it('shows what an adapter is, without its base', async () => {
    const { stdout } = await telar(['adapter', 'show', at('adapters/dora')]);
    expect(stdout).toMatch(/method +lora \(dora\)/);
    expect(stdout).toMatch(/base model +not named/);
    expect(stdout).toMatch(/targets +q_proj/);
    expect(stdout).toMatch(/parameters +320\n/);
    const json = await telar(['adapter', 'show', at('adapters/prompt'), '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: 'prompt',
      virtualTokens: 5,
      parameters: 160,
      tensors: { prompt_embeddings: [5, 32] },
    });
    expect((await telar(['adapter', 'show', at('base')])).code).toBe(2);
  });

  it('merges into a model of its own, with tokenizer and chat template', async () => {
    const merge = ['adapter', 'merge', '--model', at('base'), '--adapter'];
    for (const name of ['dora']) {
      const out = at(`merged-${name}`);
      const { code, stdout } = await telar([...merge, at(`adapters/${name}`), '--out', out, '--json']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ out });
      const text = (json: string) => (JSON.parse(json) as { text: string }).text;
      const attached = await generated('--model', at('base'), '--adapter', at(`adapters/${name}`));
      expect(text(await generated('--model', out))).toBe(text(attached));
      expect(JSON.parse(readFileSync(join(out, 'tokenizer_config.json'), 'utf8'))).toMatchObject({
        chat_template: TEMPLATE,
      });
    }
  });

  it('does not merge a soft prompt', async () => {
    const out = at('merged-prompt');
    const flags = ['--model', at('base'), '--adapter', at('adapters/prompt'), '--out', out];
    const { code, stderr } = await telar(['adapter', 'merge', ...flags]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/soft prompt, which is no change of weights: it cannot be merged/);
    expect(existsSync(out)).toBe(false);
  });
});
