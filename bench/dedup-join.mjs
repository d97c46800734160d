// The join of deduplication over made-up fingerprints: seconds and resident memory for more and more documents, beside
// DuckDB doing the same to the same keys where the package is installed. Each measurement has a process of its own.
//
//   node bench/dedup-join.mjs [memory in MiB]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dedupConfigSchema, findDuplicates, FingerprintWriter } from '../dist/corpus/dedup/index.js';
import { KeyJoin } from '../dist/corpus/dedup/key-join.js';

const BANDS = 14;
const rest = () => new Promise((resolve) => setImmediate(resolve));

/** Random 32-bit words (Marsaglia 2003): faster than the joins that are measured. */
function xorshift() {
  let x = 12345;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** Band keys of n documents, of which a tenth share one with the document before. */
function* bandKeys(n) {
  const random = xorshift();
  const bands = new Uint32Array(2 * BANDS);
  for (let document = 0; document < n; document++) {
    const kept = random() % 10 === 0 ? random() % BANDS : -1;
    for (let i = 0; i < bands.length; i++) if (i >> 1 !== kept) bands[i] = random();
    yield bands;
  }
}

async function measured(name, work) {
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const [start, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  peak = Math.max(peak, process.memoryUsage.rss());
  clearInterval(watch);
  const { user, system } = process.cpuUsage(before);
  const seconds = ((performance.now() - start) / 1e3).toFixed(1).padStart(6);
  const processor = ((user + system) / 1e6).toFixed(1).padStart(6);
  console.log(
    `${name.padEnd(44)} ${seconds} s  ${processor} s of processor  ${(peak / 2 ** 20).toFixed(0).padStart(5)} MiB  ${result}`,
  );
}

/** All of findDuplicates: exact, near and three paragraphs a document. */
async function whole(n, memoryBytes) {
  const options = dedupConfigSchema.parse({});
  const folder = mkdtempSync(join(tmpdir(), 'telar-'));
  const files = [];
  const random = xorshift();
  const fingerprint = {
    exact: new Uint32Array(2),
    paragraphs: new Uint32Array(6),
    paragraphIndexes: Uint32Array.of(0, 2, 4),
  };
  let [writer, document] = [null, 0];
  for (const bands of bandKeys(n)) {
    if (document++ % 10_000 === 0) {
      writer?.finish();
      files.push(join(folder, `${files.length}.fp`));
      writer = new FingerprintWriter(files.at(-1), options);
    }
    fingerprint.exact.forEach((_, i, words) => (words[i] = random()));
    fingerprint.paragraphs.forEach((_, i, words) => (words[i] = random() % 5 === 0 ? words[i] : random()));
    writer.add({ ...fingerprint, bands });
  }
  writer.finish();
  await measured(`findDuplicates, ${n} documents`, async () => {
    const { verdicts, cut } = await findDuplicates(files, {
      ...options,
      workFolder: join(folder, 'work'),
      memoryBytes,
    });
    return `${verdicts.filter((verdict) => verdict === 2).length} near-duplicates, ${cut.length} paragraphs cut`;
  });
  rmSync(folder, { recursive: true });
}

async function ours(n, memoryBytes) {
  const folder = mkdtempSync(join(tmpdir(), 'telar-'));
  await measured(`own join, ${n * BANDS} keys`, async () => {
    let [repeats, document] = [0, 0];
    const keys = new KeyJoin({ name: 'keys', records: n * BANDS, memoryBytes, folder, onRepeat: () => repeats++ });
    for (const bands of bandKeys(n)) {
      for (let i = 0; i < bands.length; i += 2) keys.add(bands[i], bands[i + 1], document);
      if (document++ % 20_000 === 0) await rest();
    }
    await keys.finish(rest, () => {});
    return `${repeats} repeats`;
  });
  rmSync(folder, { recursive: true });
}

async function duckdb(n, memoryBytes, where) {
  let library;
  try {
    library = await import('@duckdb/node-api');
  } catch {
    return console.log('skipped: DuckDB (@duckdb/node-api is not installed)');
  }
  const { BIGINT, DuckDBDataChunk, DuckDBInstance, INTEGER } = library;
  const folder = mkdtempSync(join(tmpdir(), 'telar-'));
  await measured(`DuckDB ${where}, ${n * BANDS} keys`, async () => {
    const database = await DuckDBInstance.create(where === 'on disk' ? join(folder, 'keys.db') : ':memory:', {
      memory_limit: `${memoryBytes / 2 ** 20}MiB`,
      temp_directory: join(folder, 'spilled'),
      threads: '1',
      preserve_insertion_order: 'false',
    });
    const connection = await database.connect();
    await connection.run('create table keys(key bigint, document integer)');
    const appender = await connection.createAppender('keys');
    const chunk = DuckDBDataChunk.create([BIGINT, INTEGER]);
    const [keys, documents] = [new BigInt64Array(2048), new Int32Array(2048)];
    let [rows, document] = [0, 0];
    const append = () => {
      chunk.rowCount = rows;
      const [key, number] = [chunk.getColumnVector(0), chunk.getColumnVector(1)];
      for (let i = 0; i < rows; i++) {
        key.setItem(i, keys[i]);
        number.setItem(i, documents[i]);
      }
      key.flush();
      number.flush();
      appender.appendDataChunk(chunk);
      rows = 0;
    };
    for (const bands of bandKeys(n)) {
      for (const key of new BigInt64Array(bands.buffer)) {
        keys[rows] = key;
        documents[rows++] = document;
        if (rows === 2048) append();
      }
      if (document++ % 20_000 === 0) await rest();
    }
    append();
    appender.closeSync();
    const result = await connection.stream(
      'select k.document, f.first from keys k join (select key, min(document) as first from keys group by key ' +
        'having count(*) > 1) f on k.key = f.key where k.document <> f.first',
    );
    let repeats = 0;
    for (let rows = await result.fetchChunk(); rows && rows.rowCount > 0; rows = await result.fetchChunk())
      repeats += rows.rowCount;
    return `${repeats} repeats`;
  });
  rmSync(folder, { recursive: true, force: true });
}

const [what, n, memory] = process.argv.slice(2);
if (what === 'whole') await whole(Number(n), Number(memory));
else if (what === 'ours') await ours(Number(n), Number(memory));
else if (what === 'duckdb in memory') await duckdb(Number(n), Number(memory), 'in memory');
else if (what === 'duckdb on disk') await duckdb(Number(n), Number(memory), 'on disk');
else {
  const bytes = Number(what ?? 64) * 2 ** 20;
  console.log(`with ${bytes / 2 ** 20} MiB for joins; resident memory of the whole process:`);
  const runs = [250_000, 1_000_000, 4_000_000].map((n) => ['whole', n, bytes]);
  for (const join of ['ours', 'duckdb in memory', 'duckdb on disk']) runs.push([join, 1_000_000, 256 * 2 ** 20]);
  for (const run of runs)
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...run.map(String)], { stdio: 'inherit' });
}
