import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { RunError } from './errors.js';
import { sha256, sha256File, writeAtomic, writeAtomicWith } from './files.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('writes a file whole, into folders that do not exist yet', () => {
  const path = join(folder, 'a', 'b', 'text');
  writeAtomic(path, 'one');
  writeAtomic(path, 'two');
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['text']);
  expect(sha256File(path)).toBe(sha256('two'));
});

it('keeps the old file and leaves nothing behind when writing fails', () => {
  const path = join(folder, 'kept');
  writeAtomic(path, 'old');
  const fail = () =>
    writeAtomicWith(path, () => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    });
  expect(fail).toThrow(new RunError(`cannot write ${path}: no space left on the disk`));
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder).filter((name) => name.includes('tmp'))).toEqual([]);
});

it('says what is wrong when a part of the path is a file', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => writeAtomic(join(file, 'x'), '')).toThrow(RunError);
});
