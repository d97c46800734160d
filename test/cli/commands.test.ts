import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { telar, temporaryFolder, writeProse } from './telar.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const model = at('run/final');

// eslint-disable-next-line typescript/no-explicit-any -- what a test reads of it is what it checks
async function json(args: string[]): Promise<any> {
  const { code, stdout, stderr } = await telar([...args, '--json']);
  expect(stderr).not.toContain('telar:');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

beforeAll(async () => {
  const text = writeProse(at('prose.txt'), 2000);
  const sizes = ['--depth', '2', '--width', '64', '--context', '64', '--batch-tokens', '512', '--vocab', '400'];
  const result = await json(['pretrain', text, '--out', at('run'), ...sizes, '--steps', '80']);
  expect(result).toMatchObject({ finished: true, step: 80, steps: 80 });
  expect(result.bitsPerByte).toBeLessThan(2);
});

describe('telar tokenizer', () => {
  it('trains a tokenizer that Hugging Face tools read, and turns text into ids and back', async () => {
    const out = at('tokenizer');
    const trained = await json(['tokenizer', 'train', at('prose.txt'), '--vocab-size', '300', '--out', out]);
    expect(trained).toMatchObject({ vocabSize: 300 });
    expect(JSON.parse(readFileSync(join(out, 'tokenizer.json'), 'utf8')).model.type).toBe('BPE');
    const text = 'The people 😀 want peace,\n\tand é.';
    const ids = await telar(['tokenizer', 'encode', '--tokenizer', out], { input: text });
    expect(ids.stdout.trim()).toMatch(/^\d+( \d+)+$/);
    expect((await telar(['tokenizer', 'decode', '--tokenizer', out], { input: ids.stdout })).stdout).toBe(text);
    expect((await telar(['tokenizer', 'decode', '--tokenizer', out, ...ids.stdout.trim().split(' ')])).stdout).toBe(
      text,
    );
    const shown = await json(['tokenizer', 'encode', '--tokenizer', out, '--text', 'The people']);
    expect(shown.tokens.map(({ text }: { text: string }) => text).join('')).toBe('The people');
    expect(shown.bytesPerToken).toBeCloseTo(10 / shown.tokens.length);
  });

  it('compares tokenizers on a text, as a table or as JSON', async () => {
    const prose = at('prose.txt');
    const sizes = ['--vocab-size', '300', '--pattern', 'o200k', '--special', '<a>', '<b>', '--threads', '1'];
    await json(['tokenizer', 'train', prose, '--out', at('fewer'), ...sizes]);
    await json(['tokenizer', 'train', prose, '--out', at('more'), '--vocab-size', '400', '--max-words', '5000']);
    const compare = ['tokenizer', 'compare', at('fewer'), at('more'), '--text', prose];
    const { bytes, tokenizers } = await json(compare);
    expect(bytes).toBe(readFileSync(prose).length);
    expect(tokenizers).toMatchObject([
      { tokenizer: at('fewer'), vocabSize: 300, exact: true },
      { tokenizer: at('more'), vocabSize: 400, exact: true },
    ]);
    expect(tokenizers[1].tokens).toBeLessThan(tokenizers[0].tokens);
    expect(tokenizers[0].bytesPerToken).toBeCloseTo(bytes / tokenizers[0].tokens);
    expect((await telar(compare)).stdout).toMatch(/tokenizer +vocabulary +tokens +bytes\/token .*\n.*300 /);
    expect((await telar([...compare.slice(0, -1), at('none')])).code).toBe(2);
  });

  it('imports the ranks of tiktoken', async () => {
    const lines = Array.from({ length: 256 }, (_, byte) => `${Buffer.of(byte).toString('base64')} ${byte}`);
    writeFileSync(at('small.tiktoken'), [...lines, `${Buffer.from('ab').toString('base64')} 256`, ''].join('\n'));
    const out = at('imported');
    const args = ['tokenizer', 'import', at('small.tiktoken'), '--pattern', 'gpt4', '--out', out];
    expect((await telar([...args, '--special', '<|endoftext|>=300', '<x>=301'])).code).toBe(0);
    const encode = ['tokenizer', 'encode', '--tokenizer', out, '--text', 'ab<x>'];
    expect((await telar([...encode, '--special'])).stdout.trim()).toBe('256 301');
    expect((await telar([...args, '--special', '<x>'])).code).toBe(2);
  });
});

describe('telar generate', () => {
  it('continues a prompt, the same for the same seed', async () => {
    const args = ['generate', '--model', model, '--prompt', 'The people', '--max-tokens', '20', '--seed', '4'];
    const [one, two] = [await telar(args), await telar(args)];
    expect(one.stdout).toBe(two.stdout);
    expect(one.stdout.startsWith('The people')).toBe(true);
  });

  it('gives tokens with log-probabilities as JSON, from a prompt or from nothing', async () => {
    for (const prompt of [['--prompt', 'A senator'], []]) {
      const result = await json(['generate', '--model', model, ...prompt, '--max-tokens', '12', '--temperature', '0']);
      expect(result.finishReason).toBe('length');
      expect(result.tokens).toHaveLength(12);
      for (const { id, logprob } of result.tokens) {
        expect(Number.isInteger(id)).toBe(true);
        expect(logprob).toBeLessThanOrEqual(0);
      }
      expect(result.tokens.map(({ text }: { text: string }) => text).join('')).toBe(result.text);
    }
  });

  it('ends at a stop text', async () => {
    const result = await json([
      'generate',
      '--model',
      model,
      '--prompt',
      'A senator has given',
      '--stop',
      ',',
      '--temperature',
      '0',
    ]);
    expect(result.finishReason).toBe('stop');
    expect(result.text).not.toContain(',');
  });
});

describe('telar generate with a form', () => {
  const generate = (...flags: string[]): string[] => ['generate', '--model', model, '--max-tokens', '40', ...flags];

  it('writes a document of a schema, and gives its value', async () => {
    const properties = { ok: { type: 'boolean' }, n: { type: 'integer', minimum: 1, maximum: 9 } };
    const path = at('schema.json');
    writeFileSync(path, JSON.stringify({ type: 'object', properties, required: ['ok', 'n'] }));
    const result = await json(generate('--schema', path, '--temperature', '2'));
    expect(result.value).toEqual(JSON.parse(result.text));
    expect(result.value).toMatchObject({ ok: expect.any(Boolean), n: expect.any(Number) });
  });

  it('writes what a pattern matches, or one of some choices', async () => {
    const { stdout } = await telar(generate('--regex', '[A-Z]{3}-[0-9]+', '--prompt', 'A senator'));
    expect(stdout).toMatch(/^[A-Z]{3}-[0-9]+\n$/);
    const result = await json(generate('--choices', ' peace, war', '--prompt', 'A senator asks for'));
    expect([' peace', ' war']).toContain(result.value);
  });

  it('says what it cannot do', async () => {
    const path = at('bad-schema.json');
    const fails = async (line: RegExp, ...flags: string[]): Promise<void> => {
      const { code, stderr } = await telar(generate(...flags));
      expect(stderr).toMatch(line);
      expect(code).toBe(2);
    };
    writeFileSync(path, '{"properties": {"a": {"not": {}}}}');
    await fails(/bad-schema.json: #\/properties\/a: the keyword "not" is not supported/, '--schema', path);
    writeFileSync(path, '{');
    await fails(/bad-schema.json: it is not JSON/, '--schema', path);
    await fails(/none.json: no such file/, '--schema', at('none.json'));
    await fails(/give one of them/, '--regex', 'a', '--choices', 'b');
    await fails(/takes \d+ tokens, and there is room for 40/, '--regex', '(#%){100}');
  });
});

describe('telar chat', () => {
  it('answers each line, forgets on /reset, ends on /exit', async () => {
    const input = 'Who asks for peace?\n\n/reset\nAnd the army?\n/exit\nnever read\n';
    const { code, stdout } = await telar(['chat', '--model', model, '--max-tokens', '10'], { input });
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').length).toBeGreaterThanOrEqual(2);
    expect(stdout).not.toContain('never read');
  });
});

describe('telar import and inspect', () => {
  it('imports its own model directory without a change', async () => {
    const result = await json(['import', model, '--out', at('copy')]);
    expect(result.config).toMatchObject({ layers: 2, width: 64 });
    const weights = (place: string): Buffer => readFileSync(join(place, 'model.safetensors'));
    expect(weights(at('copy')).equals(weights(model))).toBe(true);
    expect(existsSync(at('copy/tokenizer.json'))).toBe(true);
  });

  it('looks inside', async () => {
    const result = await json(['inspect', '--model', model, '--text', 'The people want']);
    expect(result.next).toHaveLength(5);
    expect(result.attention).toHaveLength(2);
  });
});

describe('telar bench and doctor', () => {
  const small = ['--layers', '2', '--width', '64', '--heads', '2', '--context', '32', '--vocab', '256'];

  it('measure with the limits beside', async () => {
    const train = await json(['bench', 'train', ...small, '--batch', '2']);
    for (const name of ['tokensPerSecond', 'gflops', 'peakGflops', 'fractionOfPeak', 'stepMs', 'peakRssMiB', 'threads'])
      expect(train[name], name).toBeGreaterThan(0);
    const decode = await json(['bench', 'decode', ...small, '--threads', '1']);
    for (const name of ['tokensPerSecond', 'gigabytesPerSecond', 'readBandwidth', 'fractionOfBandwidth'])
      expect(decode[name], name).toBeGreaterThan(0);
    expect(decode.threads).toBe(1);
  });

  it('say what this machine is', async () => {
    expect(await json(['doctor'])).toMatchObject({
      processors: expect.any(Number),
      instructionSet: expect.any(String),
    });
    expect((await telar(['--version'])).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('help', () => {
  it('has an example for every command', async () => {
    const { stdout } = await telar(['--help']);
    const names = [...stdout.matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name]) => name!).filter((name) => name !== 'help');
    expect(names).toContain('pretrain');
    for (const name of names) {
      const help = await telar([name, '--help']);
      expect(help.code).toBe(0);
      // Commands of commands have their examples with those.
      const shows = name === 'doctor' ? /Usage:/ : /Examples?:|Commands:/;
      expect(help.stdout, name).toMatch(shows);
    }
  });
});
