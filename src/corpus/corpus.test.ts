import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError, RunError } from '../io/errors.js';
import { openCorpus } from './corpus.js';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'telar-corpus-'))));
afterEach(() => rmSync(root, { recursive: true }));

const put = (name: string, content: string | Uint8Array) => writeFileSync(join(root, name), content);
const texts = async (read: AsyncIterable<{ text: Uint8Array }>) => {
  const all: string[] = [];
  for await (const { text } of read) all.push(Buffer.from(text).toString());
  return all;
};
/** Everything of one file that is named itself, held out or not. */
const readOne = async (name: string) => {
  const corpus = await openCorpus([join(root, name)], { heldOut: 0 });
  return { corpus, texts: await texts(corpus.read('train')) };
};

describe('openCorpus', () => {
  it('reads text files whole, without byte-order mark and CR', async () => {
    put('a.txt', '\uFEFFone\r\ntwo\rthree\r\n');
    const { corpus, texts } = await readOne('a.txt');
    expect(texts).toEqual(['one\ntwo\rthree\n']);
    const sha256 = createHash('sha256').update('\uFEFFone\r\ntwo\rthree\r\n').digest('hex');
    expect(corpus.inputs).toEqual([{ path: join(root, 'a.txt'), bytes: 19, sha256, documents: 1 }]);
    expect(corpus.textBytes).toBe(14);
  });

  it('reads a document a line from .jsonl, over chunk borders', async () => {
    const long = 'é'.repeat(700_000);
    const lines = ['{"text":"a\\r\\nb"}', '', `{"text":"${long}","id":3}`, '{"text":"  "}', '{"text":"last"}'];
    put('a.jsonl', lines.join('\r\n'));
    const { corpus, texts } = await readOne('a.jsonl');
    expect(texts).toEqual(['a\nb', long, 'last']);
    expect(corpus.warnings).toEqual([`${join(root, 'a.jsonl')}:4: skipped, its text is blank`]);
  });

  it.each([
    ['{"text":"ok"}\n{"text":', /a\.jsonl:2: .*JSON/],
    ['{"text":"ok"}\n\n{"txt":"x"}', /a\.jsonl:3: .*no field "text"/],
    ['{"text":"ok"}\n[1]', /a\.jsonl:2: .*no field "text"/],
  ])('leaves out a bad line of a .jsonl and names it: %j', async (content, message) => {
    put('a.jsonl', content);
    const { corpus, texts } = await readOne('a.jsonl');
    expect(texts).toEqual(['ok']);
    expect(corpus.warnings).toEqual([expect.stringMatching(message)]);
    put('b.jsonl', content.split('\n').at(-1)!);
    await expect(readOne('b.jsonl')).rejects.toThrow(/no text to read/);
  });

  it('refuses binary files that are named, and skips them in folders', async () => {
    put('good.txt', 'text');
    put('nul.txt', 'te\0xt');
    put('control.txt', Buffer.from([1, 2, 3, 4, 65, 66]));
    put('utf16.txt', Buffer.from('\uFEFFtext', 'utf16le'));
    for (const [name, why] of [
      ['nul.txt', /offset 2/],
      ['control.txt', /67% control/],
    ] as const) {
      await expect(readOne(name)).rejects.toThrow(why);
      await expect(readOne(name)).rejects.toThrow(InputError);
    }
    const heard: string[] = [];
    const corpus = await openCorpus([root], { heldOut: 0, onWarning: (message) => heard.push(message) });
    expect(await texts(corpus.read('train'))).toEqual(['text', 'text']); // UTF-16 is read
    expect(heard).toHaveLength(2);
    expect(corpus.warnings).toEqual(heard);
  });

  it('skips empty, blank and invalid files, and refuses when nothing is left', async () => {
    put('bad.txt', Buffer.from([0x61, 0x62, 0xe2, 0x82, 0x20]));
    put('empty.txt', '');
    put('blank.md', ' \n\n');
    await expect(openCorpus([root])).rejects.toThrow(/no text to read.*bad\.txt: skipped, not UTF-8 at byte 2/);
    await expect(openCorpus([join(root, 'empty.txt')])).rejects.toThrow(InputError);
    put('good.txt', 'some text');
    const corpus = await openCorpus([root]);
    expect(corpus.documents).toBe(1);
    expect(corpus.warnings).toHaveLength(3);
  });

  it('gives every text to one part, equal texts to the same', async () => {
    mkdirSync(join(root, 'texts'));
    for (let i = 0; i < 400; i++) put(`texts/${i}.txt`, `text number ${i % 200}`);
    const corpus = await openCorpus([join(root, 'texts')]);
    const [train, heldOut] = [await texts(corpus.read('train')), await texts(corpus.read('heldOut'))];
    expect(train.length + heldOut.length).toBe(400);
    expect(heldOut.length).toBeGreaterThan(4);
    expect(heldOut.length).toBeLessThan(60);
    expect(heldOut.filter((text) => train.includes(text))).toEqual([]);
    expect(await texts(corpus.read('train'))).toEqual(train);
  });

  it('holds out the end of the only document', async () => {
    const paragraphs = Array.from({ length: 100 }, (_, i) => `Paragraph ${i} is here.\nIt has two lines.\n`);
    put('a.txt', paragraphs.join('\n'));
    const corpus = await openCorpus([join(root, 'a.txt')]);
    const [train, heldOut] = [await texts(corpus.read('train')), await texts(corpus.read('heldOut'))];
    expect(train[0]! + heldOut[0]!).toBe(paragraphs.join('\n'));
    expect(heldOut[0]).toMatch(/^Paragraph 9[45] is here/);
    put('b.txt', 'x');
    const short = await openCorpus([join(root, 'b.txt')]);
    await expect(texts(short.read('train'))).rejects.toThrow(/too short to hold out/);
  });

  it('notices a file that changes between two readings', async () => {
    put('a.txt', 'some text');
    const corpus = await openCorpus([join(root, 'a.txt')]);
    put('a.txt', 'other text');
    await expect(texts(corpus.read('train'))).rejects.toThrow(RunError);
  });

  it('stops when asked to', async () => {
    const controller = new AbortController();
    controller.abort(new Error('stopped'));
    for (let i = 0; i < 20; i++) put(`${i}.txt`, 'word '.repeat(1 << 20));
    await expect(openCorpus([root], { signal: controller.signal })).rejects.toThrow('stopped');
  });
});
