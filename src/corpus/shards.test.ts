import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError, RunError } from '../io/errors.js';
import { byteTokenizer, type Tokenizer } from '../tokenizer/index.js';
import { type Corpus, openCorpus } from './corpus.js';
import type { Part } from './split.js';
import { length } from './epoch.js';
import { shardManifestSchema, type ShardManifest } from './shard-manifest.js';
import { openShards, type TokenSplit } from './shards.js';
import { tokenizeToShards } from './tokenize.js';

let root: string;
let out: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'telar-shards-'));
  out = join(root, 'tokens');
  mkdirSync(join(root, 'text'));
});
afterEach(() => rmSync(root, { recursive: true }));

const tokenizer = byteTokenizer();
const make = async (texts: string[], options: { tokenizer?: Tokenizer; shardTokens?: number } = {}) => {
  for (const [i, text] of texts.entries()) writeFileSync(join(root, 'text', `${String(i).padStart(4, '0')}.txt`), text);
  const corpus = await openCorpus([join(root, 'text')], { heldOut: 0.2 });
  return { corpus, manifest: await tokenizeToShards({ corpus, tokenizer, out, ...options }) };
};
/** The byte tokenizer with some of its members replaced. */
const changed = (members: Partial<Tokenizer>): Tokenizer =>
  new Proxy(tokenizer, {
    get: (target, name: keyof Tokenizer) => {
      const value = name in members ? members[name] : target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
const documents = (split: TokenSplit) =>
  Array.from({ length: split.documents }, (_, i) => {
    const ids = new Int32Array(length(split, i));
    split.read(split.starts[i]!, ids);
    return [...ids];
  });
const texts = Array.from({ length: 60 }, (_, i) => `Text ${i}: ${'word '.repeat(i % 7)}`);

async function textsOf(corpus: Corpus, part: Part): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const { text } of corpus.read(part)) all.push(text);
  return all;
}

describe('tokenizeToShards and openShards', () => {
  it.each([1e8, 40])('gives back every document, in shards of %i tokens', async (shardTokens) => {
    const { corpus, manifest } = await make(texts, { shardTokens });
    const shards = openShards(out);
    shards.verify();
    expect(shards.manifest).toEqual(manifest);
    expect(shards.heldOut.documents).toBeGreaterThan(0);
    for (const part of ['train', 'heldOut'] as const) {
      const expected = (await textsOf(corpus, part)).map((text) => [256, ...text]);
      expect(documents(shards[part])).toEqual(expected);
      expect(shards[part].tokens).toBe(expected.flat().length);
      expect(shards[part].textBytes).toBe(expected.flat().length - expected.length);
      expect(shards[part].surplus.every((n) => n === 0)).toBe(true);
    }
    expect(manifest.train.shards.length > 1).toBe(shardTokens === 40);
    expect(shards.tokenBytes).toEqual(Uint16Array.from({ length: 257 }, (_, id) => (id < 256 ? 1 : 0)));
    shards.close();
  });

  it('writes 32-bit ids for a large vocabulary', async () => {
    const large: Tokenizer = {
      bos: null,
      eos: 70_000,
      addsBos: false,
      specials: new Map(),
      hash: 'a'.repeat(64),
      vocabSize: 70_001,
      encode: (text) => Uint32Array.from(tokenizer.encode(text), (id) => id + 69_000),
      decodeBytes: (ids) => tokenizer.decodeBytes(Array.from(ids, (id) => id - 69_000)),
      decode: (ids) => tokenizer.decode(Array.from(ids, (id) => id - 69_000)),
      tokenBytes: (id) => Buffer.alloc(id >= 69_000 ? 1 : 3),
      bytesAfter: () => Buffer.alloc(1),
      isSpecial: (id) => id === 70_000,
      toJSON: () => ({}),
    };
    const { corpus, manifest } = await make(texts, { tokenizer: large });
    expect(manifest).toMatchObject({ dtype: 'uint32', startToken: 70_000, endToken: 70_000 });
    const shards = openShards(out);
    expect(documents(shards.train)).toEqual(
      (await textsOf(corpus, 'train')).map((text) => [70_000, ...Array.from(text, (byte) => byte + 69_000)]),
    );
    shards.close();
  });

  it('encodes a long document in pieces without changing its tokens', async () => {
    const text = 'A line of some words.\n'.repeat(400_000);
    const { manifest } = await make([text]);
    expect(manifest.train.tokens + manifest.heldOut.tokens).toBe(text.length + 2);
  });

  it('replaces shards of an earlier run', async () => {
    await make(texts, { shardTokens: 40 });
    const { manifest } = await make(texts);
    const kept = [manifest.train, manifest.heldOut].flatMap(({ shards }) =>
      shards.flatMap((s) => [s.file, s.index.file]),
    );
    expect(readdirSync(out).sort()).toEqual([...kept, 'manifest.json', 'token-bytes.bin'].sort());
  });

  it('leaves no manifest and no open shard when it is stopped', async () => {
    await make(texts);
    const corpus = await openCorpus([join(root, 'text')]);
    const broken = changed({
      encode: () => {
        throw new InputError('no encoding');
      },
    });
    await expect(tokenizeToShards({ corpus, tokenizer: broken, out })).rejects.toThrow('no encoding');
    expect(readdirSync(out)).toEqual([]);
    expect(() => openShards(out)).toThrow(InputError);
  });

  it('reports progress and refuses a tokenizer without a boundary', async () => {
    const { corpus } = await make(texts);
    const seen: number[] = [];
    await tokenizeToShards({ corpus, tokenizer, out, onProgress: ({ textBytes }) => seen.push(textBytes) });
    expect(seen.at(-1)).toBe(corpus.textBytes);
    const none = changed({ bos: null, eos: null });
    await expect(tokenizeToShards({ corpus, tokenizer: none, out })).rejects.toThrow(InputError);
  });

  it('says in one line that the folder cannot be written', async () => {
    const { corpus } = await make(texts);
    writeFileSync(join(root, 'file'), '');
    await expect(tokenizeToShards({ corpus, tokenizer, out: join(root, 'file', 'x') })).rejects.toThrow(RunError);
  });
});

describe('damaged shards', () => {
  const edit = (change: (manifest: ShardManifest) => void) => {
    const path = join(out, 'manifest.json');
    const manifest = shardManifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    change(manifest);
    writeFileSync(path, JSON.stringify(manifest));
  };
  beforeEach(() => make(texts));

  it.each<[string, () => void, RegExp]>([
    ['torn manifest', () => truncateSync(join(out, 'manifest.json'), 100), /manifest\.json is damaged/],
    ['missing shard', () => rmSync(join(out, 'train-00000.bin')), /train-00000\.bin is damaged: it is missing/],
    ['short shard', () => truncateSync(join(out, 'train-00000.bin'), 10), /has 10 bytes where the manifest says/],
    ['short index', () => truncateSync(join(out, 'train-00000.docs.bin'), 8), /docs\.bin is damaged/],
    ['path out of the folder', () => edit((m) => (m.train.shards[0]!.file = '../x.bin')), /expected a file name/],
    ['huge counts', () => edit((m) => (m.train.shards[0]!.documents = 2 ** 50)), /damaged/],
    ['wrong totals', () => edit((m) => m.train.tokens++), /totals/],
    ['boundary outside', () => edit((m) => (m.endToken = 257)), /boundary tokens/],
    ['index of junk', () => writeFileSync(join(out, 'heldout-00000.docs.bin'), Buffer.alloc(24 * 60, 255)), /damaged/],
  ])('are noticed: %s', (_, damage, message) => {
    damage();
    expect(() => openShards(out)).toThrow(message);
    expect(() => openShards(out)).toThrow(RunError);
  });

  it('are noticed on reading and by verify', () => {
    const path = join(out, 'train-00000.bin');
    writeFileSync(path, Buffer.alloc(readFileSync(path).length, 255));
    const shards = openShards(out);
    expect(() => documents(shards.train)).toThrow(/token 65535 is outside the vocabulary of 257/);
    expect(() => shards.verify()).toThrow(/train-00000\.bin is damaged: it is not what was written/);
    shards.close();
    expect(existsSync(path)).toBe(true);
  });
});
