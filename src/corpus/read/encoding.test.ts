import { execFileSync, spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../io/errors.js';
import { decode, detectEncoding } from './encoding.js';
import { anyText, folder, readPaths, texts } from './fixtures.js';

const { root, put } = folder();
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

const french = 'Où est-il allé ? L’été dernier, ma sœur a déjà goûté les gâteaux – près de la forêt. ';
const samples: [label: string, iconv: string, text: string][] = [
  ['windows-1252', 'WINDOWS-1252', french],
  ['windows-1252', 'LATIN1', 'Die Straße ist schön, und müde Köpfe grüßen über die Brücke. '],
  ['shift_jis', 'SHIFT_JIS', 'これは日本語の文章です。今日は天気がいいので、公園に行きました。'],
  ['euc-jp', 'EUC-JP', 'これは日本語の文章です。今日は天気がいいので、公園に行きました。'],
  ['koi8-r', 'KOI8-R', 'Это русский текст, который написан кириллицей. Сегодня хорошая погода. '],
  ['windows-1251', 'WINDOWS-1251', 'Это русский текст, который написан кириллицей. Сегодня хорошая погода. '],
  ['gb18030', 'GB18030', '这是一个中文句子。今天天气很好，我们去公园散步。'],
  ['big5', 'BIG5', '這是一個中文句子。今天天氣很好，我們去公園散步。'],
  ['euc-kr', 'EUC-KR', '이것은 한국어 문장입니다. 오늘은 날씨가 좋네요. '],
  ['windows-1256', 'WINDOWS-1256', 'هذا نص عربي مكتوب بلغة عربية. الطقس جميل اليوم. '],
  ['iso-8859-7', 'ISO-8859-7', 'Αυτό είναι ένα ελληνικό κείμενο. Ο καιρός είναι καλός σήμερα. '],
  ['utf-16le', 'UTF-16LE', french],
  ['utf-16be', 'UTF-16BE', french],
];
const hasIconv = spawnSync('iconv', ['--version']).status === 0;

describe('detectEncoding', () => {
  it.skipIf(!hasIconv)('knows encodings as another tool writes them', async () => {
    for (const [label, iconv, text] of samples) {
      const repeated = text.repeat(8);
      const encoded = execFileSync('iconv', ['-f', 'UTF-8', '-t', iconv], { input: repeated });
      const read = await readPaths(put(`${iconv}.txt`, encoded));
      expect(read.problems, iconv).toEqual([]);
      expect(read.documents[0], iconv).toMatchObject({ text: repeated, meta: { encoding: label } });
    }
  });

  it('knows encodings from bytes written down here', () => {
    expect(detectEncoding(bytes('4c92e974e9 20 e020 6c61 206d6572 2c20 64e96ae0 2e'))).toEqual({
      encoding: 'windows-1252',
    });
    expect(detectEncoding(bytes('93fa967b8cea82cc95b68fcd82c582b78142'.repeat(3)))).toEqual({ encoding: 'shift_jis' });
    expect(detectEncoding(bytes('f0d2c9d7c5d4 2c 20 cbc1cb20c4c5ccc1 3f 20 e8cfd2cfdbcf2e'.repeat(3)))).toEqual({
      encoding: 'koi8-r',
    });
    expect(detectEncoding(bytes('fffe 6100'))).toEqual({ encoding: 'utf-16le' });
    expect(detectEncoding(bytes('feff 0061'))).toEqual({ encoding: 'utf-16be' });
    expect(detectEncoding(bytes('6100 6200 6300 6400'))).toEqual({ encoding: 'utf-16le' });
    expect(detectEncoding(bytes('fffe0000 61000000'))).toEqual({ reason: expect.stringMatching(/UTF-32/) });
  });

  it('takes every valid UTF-8 text for UTF-8', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(detectEncoding(Buffer.from(text))).toEqual({ encoding: 'utf-8' });
      }),
    );
  });

  it('takes UTF-8 with a damaged place for UTF-8, and tells the byte', async () => {
    const good = Buffer.from('Ein schöner Tag für müde Köpfe. ');
    for (const bad of [[0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf5, 0x80, 0x80, 0x80]]) {
      const read = await readPaths(put('damaged.txt', Buffer.concat([good, Buffer.from(bad), good])));
      expect(read.documents, String(bad)).toEqual([]);
      expect(read.problems[0]!.reason, String(bad)).toBe(`skipped, not UTF-8 at byte ${good.length}`);
    }
  });

  it('makes up no letters from stray bytes in ASCII', async () => {
    for (const bad of [[0xff], [0xfe, 0xff], [0x80], [0xc3], [0x81]]) {
      const read = await readPaths(
        put('stray.txt', Buffer.concat([Buffer.from('hello'), Buffer.from(bad), Buffer.from('world')])),
      );
      expect(read.documents, String(bad)).toEqual([]);
      expect(read.problems[0]!.reason, String(bad)).toMatch(/not UTF-8 at byte 5/);
    }
  });

  it('tells an encoding only where all of the sample decodes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const found = detectEncoding(bytes);
        if ('reason' in found || found.encoding.startsWith('utf-')) return;
        const decoded = decode(bytes, found.encoding);
        expect(decoded).toHaveProperty('text');
        expect(decoded).not.toMatchObject({ text: expect.stringMatching(/[\ufffd\u0080-\u009f]{2}/) });
      }),
      { numRuns: 60 },
    );
  });
});

describe('decode', () => {
  it('decodes all of windows-1252', () => {
    expect(decode(bytes('80 82 8a 8c 8e 91 92 93 94 95 96 97 99 9c 9f a0 e9 ff'), 'windows-1252')).toEqual({
      text: '€‚ŠŒŽ‘’“”•–—™œŸ\u00a0éÿ',
    });
    expect(decode(bytes('93 e9'), 'latin1')).toEqual({ text: '“é' });
  });

  it('tells the first invalid byte in any encoding', () => {
    expect(decode(bytes('61 82 a0 82'), 'shift_jis')).toEqual({ reason: 'not shift_jis at byte 3' });
    expect(decode(bytes('61 62 ff ff 63'), 'euc-kr')).toEqual({ reason: 'not euc-kr at byte 2' });
    expect(decode(bytes('6100 00d8 6200'), 'utf-16le')).toEqual({
      reason: expect.stringMatching(/not utf-16le at byte [2345]/),
    });
  });
});

describe('text files', () => {
  it('come without byte-order mark and with LF, whatever their encoding', async () => {
    const wanted = ['one\ntwo\rthree\n'];
    expect(texts(await readPaths(put('bom.txt', '\ufeffone\r\ntwo\rthree\r\n')))).toEqual(wanted);
    expect(texts(await readPaths(put('u16.txt', Buffer.from('\ufeffone\r\ntwo\rthree\r\n', 'utf16le'))))).toEqual(
      wanted,
    );
  });

  it('are read in the encoding that is given', async () => {
    const path = put('given.txt', Buffer.of(0x80, 0xa4));
    expect(texts(await readPaths(path, { encoding: 'windows-1252' }))).toEqual(['€¤']);
    expect(texts(await readPaths(path, { encoding: 'koi8-r' }))).toEqual(['─╓']);
    const read = await readPaths(path, { encoding: 'utf-8' });
    expect(read.problems[0]!.reason).toBe('skipped, not UTF-8 at byte 0');
    await expect(readPaths(path, { encoding: 'latin-x' })).rejects.toThrow(InputError);
  });

  it('that are binary are skipped in a folder and refused by name', async () => {
    put('binary/a', Buffer.of(1, 2, 3, 0, 255));
    put('binary/b', '\u0001\u0002\u0003 a');
    put('binary/c.txt', 'text');
    const read = await readPaths(`${root}/binary`);
    expect(texts(read)).toEqual(['text']);
    expect(read.problems.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/binary, not text \(a NUL byte at offset 3\)/),
      expect.stringMatching(/binary, not text \(60% control characters\)/),
    ]);
    await expect(readPaths(`${root}/binary/a`)).rejects.toThrow(InputError);
  });
});
