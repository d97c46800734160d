import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { discover } from './discover.js';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'telar-discover-'))));
afterEach(() => rmSync(root, { recursive: true }));

const put = (path: string, text = 'text') => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};
const found = (paths: string[], warnings: string[] = []) =>
  discover(
    paths.map((path) => join(root, path)),
    (message) => warnings.push(message),
  ).map(({ path }) => relative(root, path));

describe('discover', () => {
  it('walks folders in byte order and leaves out what is not text', () => {
    for (const path of ['b.txt', 'a/z.md', 'a/B.text', 'README', 'x.png', 'y.JPG', '.git/config', '.hidden', 'd.jsonl'])
      put(path);
    const warnings: string[] = [];
    expect(found([''], warnings)).toEqual(['README', 'a/B.text', 'a/z.md', 'b.txt', 'd.jsonl']);
    expect(warnings).toEqual([expect.stringMatching(/skipped 2 files that are not text by name \(\.jpg, \.png\)/)]);
  });

  it('takes a file that is named itself, whatever its name, and each file once', () => {
    put('x.png');
    put('a/b.txt');
    expect(found(['x.png', 'a', 'a/b.txt', 'a'])).toEqual(['x.png', 'a/b.txt']);
  });

  it('follows links, and ends in a loop of them', () => {
    put('a/b.txt');
    put('elsewhere/c.txt');
    symlinkSync(join(root, 'a'), join(root, 'a/loop'));
    symlinkSync(join(root, 'elsewhere'), join(root, 'a/other'));
    symlinkSync(join(root, 'nowhere'), join(root, 'a/broken'));
    const warnings: string[] = [];
    expect(found(['a'], warnings)).toEqual(['a/b.txt', 'a/other/c.txt']);
    expect(warnings).toEqual([expect.stringMatching(/broken: skipped, a link to nothing/)]);
  });

  it('refuses paths without text', () => {
    mkdirSync(join(root, 'empty'));
    put('images/x.png');
    mkdirSync(join(root, 'loop'));
    symlinkSync(join(root, 'loop'), join(root, 'loop/again'));
    expect(() => discover([])).toThrow(InputError);
    for (const path of ['missing', 'empty', 'images', 'loop']) expect(() => found([path])).toThrow(InputError);
    expect(() => found(['missing'])).toThrow(/cannot read .*missing: no such file or folder/);
    expect(() => found(['empty'])).toThrow(/empty holds no file of text/);
  });
});
