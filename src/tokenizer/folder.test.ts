import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { byteTokenizer } from './bytes.js';
import { sentencePieceFile } from './fixtures.js';
import { loadTokenizer, saveTokenizer } from './folder.js';
import { tokenizerFromJSON } from './json-read.js';
import { trainBpe } from './train.js';

describe('a tokenizer in a folder', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'telar-tokenizer-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is loaded as it was saved', async () => {
    const kinds = [
      byteTokenizer(),
      byteTokenizer(['<doc>', '<end>']),
      await trainBpe({ texts: ['a rose is a rose is a rose'], vocabSize: 300, specials: ['<doc>'] }),
      tokenizerFromJSON(sentencePieceFile()),
    ];
    for (const tokenizer of kinds) {
      saveTokenizer(tokenizer, folder);
      const loaded = loadTokenizer(folder);
      expect(loaded.hash).toBe(tokenizer.hash);
      expect([loaded.bos, loaded.eos, loaded.addsBos]).toEqual([tokenizer.bos, tokenizer.eos, tokenizer.addsBos]);
      expect(loaded.encode('a rose é☃')).toEqual(tokenizer.encode('a rose é☃'));
    }
  });

  it('keeps other fields of the config', () => {
    const path = join(folder, 'tokenizer_config.json');
    writeFileSync(path, JSON.stringify({ chat_template: '{{ x }}', bos_token: 'old' }));
    saveTokenizer(byteTokenizer(), folder);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      chat_template: '{{ x }}',
      bos_token: '<|endoftext|>',
      eos_token: '<|endoftext|>',
    });
  });

  it('is refused when a file is missing or damaged', () => {
    const path = join(folder, 'tokenizer.json');
    expect(() => loadTokenizer(folder)).toThrow(/cannot read .*tokenizer\.json: no such file/);
    const whole = JSON.stringify(byteTokenizer().toJSON());
    for (const content of ['', 'null', '[]', '{}', whole.slice(0, 500), Buffer.from([0xff, 0, 1])]) {
      writeFileSync(path, content);
      expect(() => loadTokenizer(folder)).toThrow(InputError);
      expect(() => loadTokenizer(folder)).toThrow(/tokenizer\.json/);
    }
    writeFileSync(path, whole);
    writeFileSync(join(folder, 'tokenizer_config.json'), '{');
    expect(() => loadTokenizer(folder)).toThrow(/tokenizer_config\.json/);
  });
});
