import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withConfigFile } from './config-file.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, text);
  return path;
}

describe('--config', () => {
  it('becomes flags, names in either spelling, booleans and lists too', () => {
    const path = file(
      'steps: 500\nbatchTokens: 128\ntop-p: 0.9\njson: true\nresume: false\nstop: [a, "b c"]\npaths: [x.txt]\n',
    );
    expect(withConfigFile(['pretrain', '--config', path])).toEqual([
      'pretrain', '--config', path,
      '--steps=500', '--batch-tokens=128', '--top-p=0.9', '--json', '--stop=a', '--stop=b c', 'x.txt',
    ]); // prettier-ignore
  });

  it('gives way to the command line', () => {
    const path = file('steps: 500\nseed: 3\n');
    expect(withConfigFile(['pretrain', 'a', `--config=${path}`, '--steps', '7', '--', 'b'])).toEqual([
      'pretrain', 'a', `--config=${path}`, '--steps', '7', '--seed=3', '--', 'b',
    ]); // prettier-ignore
  });

  it('leaves arguments without it alone', () => {
    expect(withConfigFile(['generate', '--', '--config', 'x'])).toEqual(['generate', '--', '--config', 'x']);
  });

  it('refuses what is no list of flags', () => {
    for (const text of ['- a\n', 'just text\n', 'a: {b: 1}\n', 'a: [\n', 'a:\n'])
      expect(() => withConfigFile(['pretrain', '--config', file(text)]), text).toThrow(/config.yaml/);
    expect(() => withConfigFile(['pretrain', '--config', join(folder, 'none.yaml')])).toThrow(/no such file/);
  });
});
