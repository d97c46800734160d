/** `telar classify`: trained, used and measured as a process. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { telar, temporaryFolder } from './telar.js';

const folder = temporaryFolder();
const data = join(folder, 'messages.csv');
const topics = ['0,"a ship, with a ""sail"""', '1,bread with butter'];
const rows = Array.from({ length: 40 }, (_, i) => `${topics[i % 2]!.replace(/"?$/, ` word${i}$&`)}`);
writeFileSync(data, `topic,message\n${rows.join('\n')}\n`);
const flags = ['--text', 'message', '--label', 'topic', '--labels', '0=sea,1=food', '--buckets', '12'];

interface Line {
  line: number;
  label?: string;
  probabilities?: Record<string, number>;
  error?: string;
}

it('trains the same bytes twice, and tells new texts apart', async () => {
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  for (const out of [a, b]) {
    const { code, stderr } = await telar(['classify', 'train', data, ...flags, '--folds', '2', '--out', out, '--json']);
    expect(code, stderr).toBe(0);
  }
  for (const name of ['config.json', 'weights.int8'])
    expect(readFileSync(join(a, name)).equals(readFileSync(join(b, name)))).toBe(true);
  expect(readFileSync(join(a, 'README.md'), 'utf8')).toMatch(/20 sea, 20 food/);

  const input = 'the old ship\n\nsome butter\n...\n';
  const { code, stdout, stderr } = await telar(['classify', 'predict', '--model', a], { input });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  expect(lines.map(({ line, label }) => [line, label])).toEqual([
    [1, 'sea'],
    [3, 'food'],
    [4, undefined],
  ]);
  expect(lines[0]!.probabilities!['sea']! + lines[0]!.probabilities!['food']!).toBeCloseTo(1, 5);
  expect(lines[2]!.error).toMatch(/no words/);
  expect(code).toBe(1);
  expect(stderr).toMatch(/1 of 4 lines/);
});

it('prints a table, or one JSON document', async () => {
  const table = await telar(['classify', 'evaluate', data, ...flags, '--folds', '2']);
  expect(table.stdout).toMatch(/macro-F1 1\.000/);
  expect(table.stdout).toMatch(/sea +20 +1\.000/);
  const json = await telar(['classify', 'evaluate', data, ...flags, '--folds', '2', '--json']);
  expect((JSON.parse(json.stdout) as { confusion: number[][] }).confusion).toEqual([
    [20, 0],
    [0, 20],
  ]);
});

it('refuses what is wrong with 2 and says where', async () => {
  const cases: [string[], RegExp][] = [
    [['train', data, '--text', 'body', '--label', 'topic', '--out', join(folder, 'c')], /messages\.csv:2: no "body"/],
    [['evaluate', join(folder, 'absent.csv')], /absent\.csv: no such file/],
    [['evaluate', data, ...flags, '--balance', '0.3'], /balance/],
    [['evaluate', data, '--labels', '0=a,0=b'], /each once/],
    [['predict', '--model', join(folder, 'absent')], /config\.json: no such file/],
    [['predict', join(folder, 'absent.txt')], /absent\.txt: no such file/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await telar(['classify', ...args]);
    expect(stderr).toMatch(message);
    expect(code, stderr).toBe(2);
  }
  expect(existsSync(join(folder, 'c'))).toBe(false);
});
