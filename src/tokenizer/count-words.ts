/** Counts the words of a corpus on several threads. The counts do not depend on how many. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Block, BlockBuilder } from './count-blocks.js';
import type { PatternPreset } from './pattern.js';
import { presetScanner } from './scan.js';
import { utf8 } from './utf8.js';
import { type CountedWords, WordCounts } from './word-counts.js';

/** What {@link countWords} counts. */
export interface CountWordsOptions {
  texts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;
  pattern: PatternPreset;
  /** Most distinct words that are kept. */
  maxWords?: number | undefined;
  /** Threads that count; by default one for each processor, at most 8, once a corpus is found to be worth it. */
  threads?: number | undefined;
}

/** Blocks that are counted before threads are started that nobody asked for: starting them takes about as long. */
const worthThreads = 8;

/** Blocks that a thread may have waiting. */
const waiting = 2;

/** Counts every word of every text; what is kept is a function of the texts and `maxWords` alone. */
export async function countWords(options: CountWordsOptions): Promise<WordCounts> {
  const { texts, pattern, maxWords, threads } = options;
  const counts = new WordCounts(presetScanner(pattern), maxWords);
  const builder = new BlockBuilder();
  const counter = new BlockCounter(counts, pattern, threads);
  try {
    for await (const text of texts)
      for (const block of builder.add(typeof text === 'string' ? utf8(text) : text)) await counter.add(block);
    const rest = builder.finish();
    if (rest) await counter.add(rest);
    await counter.finish();
    return counts;
  } finally {
    await counter.close();
  }
}

/** Counts blocks, here or on threads in turn. Counts are added up in the order of the blocks. */
class BlockCounter {
  readonly #counts: WordCounts;
  readonly #pattern: PatternPreset;
  readonly #wanted: number;
  /** Blocks still to be counted here. */
  #here: number;
  #threads: CountingThread[] = [];
  /** Results of blocks that are not added up yet, the oldest first. */
  readonly #pending: Promise<CountedWords>[] = [];
  #next = 0;

  constructor(counts: WordCounts, pattern: PatternPreset, threads: number | undefined) {
    this.#counts = counts;
    this.#pattern = pattern;
    this.#wanted = threads ?? Math.min(8, availableParallelism());
    this.#here = this.#wanted === 1 ? Infinity : threads === undefined ? worthThreads : 0;
  }

  async add(block: Block): Promise<void> {
    if (this.#here-- > 0) {
      this.#countHere(block);
      return;
    }
    if (this.#threads.length === 0)
      this.#threads = Array.from({ length: this.#wanted }, () => new CountingThread(this.#pattern));
    await this.#countThere(block);
  }

  async finish(): Promise<void> {
    while (this.#pending.length > 0) await this.#addUpOldest();
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #countHere({ bytes, ends }: Block): void {
    let start = 0;
    for (const end of ends) {
      this.#counts.add(bytes.subarray(start, end));
      start = end;
    }
    this.#counts.prune();
  }

  /** Gives a block to the next thread, once there are few enough waiting. */
  async #countThere(block: Block): Promise<void> {
    if (this.#pending.length >= waiting * this.#threads.length) await this.#addUpOldest();
    const counted = this.#threads[this.#next++ % this.#threads.length]!.count(block);
    // A failure is met when its turn comes.
    counted.catch(() => {});
    this.#pending.push(counted);
  }

  async #addUpOldest(): Promise<void> {
    this.#counts.addCounted(await this.#pending.shift()!);
    this.#counts.prune();
  }
}

/** One thread, which answers in the order that it is asked in. */
class CountingThread {
  readonly #worker: Worker;
  readonly #asked: { resolve: (counted: CountedWords) => void; reject: (error: unknown) => void }[] = [];

  constructor(pattern: PatternPreset) {
    // The tests run the sources, but a thread can only run what is built.
    const built = import.meta.url.endsWith('.ts') ? '../../dist/tokenizer/count-worker.js' : './count-worker.js';
    this.#worker = new Worker(new URL(built, import.meta.url), { workerData: pattern });
    this.#worker.on('message', (counted: CountedWords) => this.#asked.shift()?.resolve(counted));
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#asked.splice(0)) reject(error);
    });
  }

  count(block: Block): Promise<CountedWords> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#worker.postMessage(block, [block.bytes.buffer]);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
