/** Folders written as a whole: into a temporary sibling, which then takes the place of an old one. */
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describeError, InputError, RunError } from '../../io/errors.js';
import { makeFolder, syncFolder } from '../../io/files.js';

/** What a kind of folder is called, and how an old one is told from something that must not be lost. */
export interface FolderKind {
  /** "a model" */
  name: string;
  isOne: (entries: readonly string[]) => boolean;
}

/**
 * Makes sure that writing to `folder` would destroy nothing but an older one of its kind: it must not exist, be empty, or
 * be of that kind without hidden entries such as `.git`.
 * @throws InputError otherwise.
 */
export function checkFolder(folder: string, kind: FolderKind): void {
  let entries: string[];
  try {
    if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return;
    entries = readdirSync(folder);
  } catch (error) {
    throw new InputError(`cannot write ${kind.name} to ${folder}: ${describeError(error)}`, { cause: error });
  }
  const isOne = kind.isOne(entries);
  const hidden = entries.find((name) => name.startsWith('.'));
  if (entries.length > 0 && (!isOne || hidden))
    throw new InputError(
      `${folder} exists and ${isOne ? `holds ${hidden}` : `is not ${kind.name} directory`}; choose another folder or empty it`,
    );
}

/**
 * Writes a folder as a whole or not at all; everything in an old one is gone afterwards.
 * @param write fills a temporary folder
 * @throws InputError when something else is in the way (see {@link checkFolder}).
 * @throws RunError when it cannot be written; the old folder is then as it was.
 */
export function writeWholeFolder(folder: string, kind: FolderKind, write: (temporary: string) => void): void {
  checkFolder(folder, kind);
  const target = existsSync(folder) ? realpathSync(folder) : resolve(folder);
  const temporary = `${target}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    makeFolder(temporary);
    write(temporary);
    syncFolder(temporary);
    replaceFolder(temporary, target);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (error instanceof RunError || error instanceof InputError || !isSystemError(error)) throw error;
    throw new RunError(`cannot write ${folder}: ${describeError(error)}`, { cause: error });
  }
}

function replaceFolder(temporary: string, target: string): void {
  const aside = `${target}.${randomBytes(4).toString('hex')}.old`;
  const hasOld = existsSync(target);
  if (hasOld) renameSync(target, aside);
  try {
    renameSync(temporary, target);
  } catch (error) {
    if (hasOld) renameSync(aside, target);
    throw error;
  }
  syncFolder(dirname(target));
  if (hasOld) rmSync(aside, { recursive: true, force: true });
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}
