/** The thread that counts blocks: gets a {@link Block}, gives its {@link CountedWords}. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Block } from './count-blocks.js';
import type { PatternPreset } from './pattern.js';
import { presetScanner } from './scan.js';
import { WordCounts } from './word-counts.js';

if (!parentPort) throw new Error('count-worker runs as a worker thread');
const port = parentPort;
const counts = new WordCounts(presetScanner(workerData as PatternPreset));
port.on('message', ({ bytes, ends }: Block) => {
  counts.clear();
  let start = 0;
  for (const end of ends) {
    counts.add(bytes.subarray(start, end));
    start = end;
  }
  const counted = counts.counted();
  port.postMessage(counted, [counted.bytes.buffer, counted.starts.buffer, counted.counts.buffer]);
});
