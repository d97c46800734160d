/** Runs `telar` as a process, in folders that are gone after the tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Outcome {
  /** Exit code, or null after a signal. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A running command and what comes of it. */
export interface Running {
  process: ChildProcess;
  outcome: Promise<Outcome>;
}

/** @param shell text before the command, such as a `ulimit` */
export function start(args: readonly string[], { input = '', shell = '' } = {}): Running {
  const command = [process.execPath, main, ...args];
  const options = { stdio: 'pipe', env: { ...process.env, NO_COLOR: '1' } } as const;
  const child = shell
    ? spawn('sh', ['-c', `${shell}; exec "$@"`, 'sh', ...command], options)
    : spawn(command[0]!, command.slice(1), options);
  child.stdin.on('error', () => {}); // a command may end without reading all
  child.stdin.end(input);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { process: child, outcome };
}

export function telar(args: readonly string[], options: { input?: string; shell?: string } = {}): Promise<Outcome> {
  return start(args, options).outcome;
}

/** A folder for one test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'telar-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file of simple prose, `lines` lines of some 60 bytes. */
export function writeProse(path: string, lines: number): string {
  const [who, does, what] = [
    ['The people', 'A senator', 'This Congress', 'Our army', 'No citizen'],
    ['asks for', 'has given', 'will remember', 'cannot want'],
    ['peace with all nations', 'a fair tax', 'the law of the land', 'good roads', 'work and bread', 'honest money'],
  ];
  let text = '';
  for (let i = 0; i < lines; i++)
    text += `${who![i % 5]} ${does![(i * 7 + (i >> 2)) % 4]} ${what![(i * 5 + (i >> 3)) % 6]}, year ${1790 + (i % 200)}.\n${i % 20 === 19 ? '\n' : ''}`;
  writeFileSync(path, text);
  return path;
}

/** SHA-256 of each of the files that exist, by name. */
export function hashes(folder: string, names: readonly string[]): Record<string, string> {
  const present = names.filter((name) => existsSync(join(folder, name)));
  const hash = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  return Object.fromEntries(present.map((name) => [name, hash(name)]));
}
