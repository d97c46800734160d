/** What a user can do wrong: one clear line, exit 2 or 1, nothing lost, no crash. */
import { chmodSync, cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashes, telar, temporaryFolder, writeProse } from './telar.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const prose = writeProse(at('prose.txt'), 1000);
const tiny = [
  '--depth',
  '1',
  '--width',
  '16',
  '--heads',
  '2',
  '--context',
  '32',
  '--batch-tokens',
  '128',
  '--steps',
  '2',
];

/** Runs a command that must fail with one line that matches. */
async function fails(
  args: string[],
  code: number,
  line: RegExp,
  options?: { input?: string; shell?: string },
): Promise<void> {
  const outcome = await telar(args, options);
  const said = outcome.stderr.trim();
  expect(said).toMatch(line);
  expect(said.split('\n').filter((each) => each.startsWith('telar: '))).toHaveLength(1);
  expect(said).not.toMatch(/bug in telar|\n\s+at /);
  expect(outcome.code).toBe(code);
}

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(at(name), content);
  return at(name);
}

beforeAll(async () => {
  const { code } = await telar(['pretrain', prose, '--out', at('run'), ...tiny, '--tokenizer', 'byte']);
  expect(code).toBe(0);
  mkdirSync(at('empty'));
});

describe('text that is none', () => {
  const pretrain = (path: string): string[] => ['pretrain', path, '--out', at('new'), ...tiny];

  it('a missing folder', () => fails(pretrain(at('none')), 2, /none: no such file or folder/));
  it('an empty folder', () => fails(pretrain(at('empty')), 2, /empty holds no file to read/));
  it('a file of 0 bytes', () => fails(pretrain(file('zero.txt', '')), 2, /no text to read.*zero.txt.*empty/));
  it('binary junk', () =>
    fails(
      pretrain(
        file(
          'junk.txt',
          Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) >> 3),
        ),
      ),
      2,
      /junk.txt.*binary/,
    ));
  it('invalid UTF-8', () =>
    fails(
      pretrain(file('cut.txt', Buffer.concat([Buffer.from('naïve café\n'.repeat(99)), Buffer.of(0xe2, 0x82)]))),
      2,
      /cut.txt.*not UTF-8 at byte 1287/,
    ));
  it('broken JSON lines', () =>
    fails(pretrain(file('broken.jsonl', '{"text": \n{"txt": "fine"}\n')), 2, /no text to read.*broken.jsonl:1/));
  it('no path at all', () => fails(['pretrain', '--out', at('new'), ...tiny], 2, /name files or folders/));

  it('a bad file among good ones is left out and named', async () => {
    mkdirSync(at('mixed'));
    cpSync(prose, at('mixed/prose.txt'));
    writeFileSync(at('mixed/about.json'), '{"text": "not to be read"}');
    writeFileSync(
      at('mixed/junk.txt'),
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) >> 3),
    );
    const { code, stdout } = await telar(['pretrain', at('mixed'), '--out', at('mixed-run'), ...tiny]);
    expect(stdout).toMatch(/junk.txt: skipped, it is binary/);
    expect(stdout).toMatch(/skipped 1 file that is not text by name \(\.json\)/);
    expect(code).toBe(0);
  });
});

describe('sizes that cannot be', () => {
  const pretrain = (...flags: string[]): string[] => [
    'pretrain',
    prose,
    '--out',
    at('sizes'),
    '--steps',
    '2',
    ...flags,
  ];

  it('a context longer than the corpus', () =>
    fails(
      pretrain('--context', '500000', '--batch-tokens', '500000', '--depth', '1', '--width', '16', '--heads', '1'),
      2,
      /has \d+ tokens, fewer than one context/,
    ));
  it('a model beyond all machines', () =>
    fails(pretrain('--width', '1000000', '--layers', '1000', '--heads', '1000'), 2, /1.2e\+16 parameters/));
  it('a model beyond this machine', () =>
    fails(pretrain('--width', '16384', '--layers', '24'), 2, /takes \d+ GiB of memory.* choose a smaller/));
  it('heads that do not divide the width', () =>
    fails(pretrain('--width', '30', '--heads', '4'), 2, /multiple of heads/));
  it('flags that are no numbers', async () => {
    for (const [flag, value] of [
      ['--steps', '0'],
      ['--width', '-5'],
      ['--context', '1e9'],
      ['--vocab', 'many'],
      ['--seed', '1.5'],
      ['--minutes', '0'],
    ]) {
      const { code, stderr } = await telar(pretrain(flag!, value!));
      expect(stderr).toContain(`'${value}' is invalid`);
      expect(code).toBe(2);
    }
  });
  it('two budgets', () => fails(pretrain('--minutes', '3'), 2, /one of --minutes, --tokens and --steps/));
});

describe('outputs that cannot be written', () => {
  it('below a file', () =>
    fails(['pretrain', prose, '--out', join(prose, 'run'), ...tiny], 2, /a part of the path is a file/));
  it('where the system refuses', () =>
    fails(['pretrain', prose, '--out', '/proc/run', ...tiny], 2, /cannot use \/proc\/run/));
  it.skipIf(process.getuid?.() === 0)('without permission', async () => {
    mkdirSync(at('locked'));
    chmodSync(at('locked'), 0o555);
    await fails(['pretrain', prose, '--out', at('locked/run'), ...tiny], 2, /permission denied/);
  });
  it('over files that are not ours', async () => {
    mkdirSync(at('mine'));
    file('mine/thesis.txt', 'years of work');
    await fails(['pretrain', prose, '--out', at('mine'), ...tiny], 2, /is not empty \(it holds thesis.txt\)/);
    await fails(['import', at('run/final'), '--out', at('mine')], 2, /choose another folder or empty it/);
    expect(readFileSync(at('mine/thesis.txt'), 'utf8')).toBe('years of work');
  });
  it('on a full disk from the start', () =>
    fails(['pretrain', prose, '--out', at('small'), ...tiny], 1, /cannot write .*small/, { shell: 'ulimit -f 8' }));
});

describe('models that are damaged', () => {
  const copy = (name: string): string => {
    cpSync(at('run/final'), at(name), { recursive: true });
    return at(name);
  };
  const generate = (model: string, ...flags: string[]): string[] => [
    'generate',
    '--model',
    model,
    '--max-tokens',
    '4',
    ...flags,
  ];

  it('no model', () => fails(generate(at('empty')), 2, /cannot read .*tokenizer.json: no such file/));
  it('truncated weights', async () => {
    const model = copy('truncated');
    truncateSync(join(model, 'model.safetensors'), 2000);
    await fails(generate(model), 2, /model.safetensors/);
    await fails(['import', model, '--out', at('imported')], 2, /model.safetensors/);
  });
  it('a header that lies about its length', async () => {
    const model = copy('lying');
    const bytes = readFileSync(join(model, 'model.safetensors'));
    bytes.writeBigUInt64LE(1n << 62n, 0);
    writeFileSync(join(model, 'model.safetensors'), bytes);
    await fails(generate(model), 2, /model.safetensors/);
  });
  it('a config of another shape', async () => {
    const model = copy('reshaped');
    const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8'));
    writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, hidden_size: 32, head_dim: 16 }));
    await fails(generate(model), 2, /(shape|model.safetensors)/);
  });
  it('a config that is not JSON', async () => {
    const model = copy('garbled');
    writeFileSync(join(model, 'config.json'), '{"model_type": ');
    await fails(generate(model), 2, /config.json.*not valid JSON/);
  });
  it('a tokenizer of another model', async () => {
    const model = copy('mismatched');
    expect((await telar(['tokenizer', 'train', prose, '--vocab-size', '600', '--out', model])).code).toBe(0);
    await fails(generate(model, '--prompt', 'The people'), 2, /tokenizer has \d+ ids and the model only 257/);
  });
  it('a llama2.c file that is none, or without its tokenizer', async () => {
    const junk = file(
      'junk.bin',
      Uint8Array.from({ length: 400 }, (_, i) => i * 37),
    );
    await fails(['import', junk, '--out', at('x')], 2, /--tokenizer/);
    await fails(['import', junk, '--tokenizer', junk, '--out', at('x')], 2, /junk.bin/);
  });
  it('a run without one sound checkpoint', async () => {
    cpSync(at('run'), at('ruined'), { recursive: true });
    const run = JSON.parse(readFileSync(at('ruined/run.json'), 'utf8'));
    delete run.result;
    writeFileSync(at('ruined/run.json'), JSON.stringify(run));
    truncateSync(at('ruined/checkpoints/step-2/trainer/optimizer.safetensors'), 100);
    await fails(['pretrain', '--out', at('ruined'), '--resume'], 2, /no sound checkpoint/);
  });
  it('a damaged run.json', async () => {
    cpSync(at('run'), at('unread'), { recursive: true });
    writeFileSync(at('unread/run.json'), '{"version": 1}');
    await fails(['pretrain', '--out', at('unread'), '--resume'], 2, /run.json is not valid/);
    await fails(['pretrain', '--out', at('nowhere'), '--resume'], 2, /not a run directory/);
  });
});

describe('questions that make no sense', () => {
  const generate = (...flags: string[]): string[] => ['generate', '--model', at('run/final'), ...flags];

  it('a prompt longer than the context', () =>
    fails(generate('--prompt', 'x'.repeat(99)), 2, /the prompt has 100 tokens, the context 32/));
  it('sampling out of range', async () => {
    await fails(generate('--temperature', '-1'), 2, /temperature must be/);
    await fails(generate('--top-p', '0'), 2, /top-p must be/);
    await fails(generate('--repetition-penalty', '0'), 2, /repetition/);
  });
  it('ids outside the vocabulary, or no ids', async () => {
    await fails(['tokenizer', 'decode', '--tokenizer', at('run/final'), '999999'], 2, /outside the vocabulary/);
    await fails(['tokenizer', 'decode', '--tokenizer', at('run/final'), 'abc'], 2, /"abc" is no token id/);
  });
  it('commands and flags that do not exist', async () => {
    for (const args of [['pretrian'], ['generate', '--modle', 'x'], ['bench', 'nothing'], []]) {
      const { code, stderr } = await telar(args);
      expect(code, args.join(' ')).toBe(2);
      expect(stderr).toMatch(/unknown|required|Usage/);
    }
  });
  it('leaves the run it was tried on as it was', () => {
    expect(Object.keys(hashes(at('run/final'), ['model.safetensors', 'tokenizer.json']))).toHaveLength(2);
  });
});
