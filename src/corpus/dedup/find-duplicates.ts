/** Decides which documents of a whole corpus repeat earlier ones, and which of their paragraphs. */
import { RunError } from '../../io/errors.js';
import { pacer } from '../pacing.js';
import { FingerprintReader } from './fingerprint-file.js';
import { KeyJoin, type KeyJoinOptions } from './key-join.js';
import type { DedupOptions } from './options.js';
import { UnionFind } from './union-find.js';

/** What is done with a document. */
export const Verdict = { keep: 0, exact: 1, near: 2 } as const;

export interface Duplicates {
  /** {@link Verdict} of each document: 0 keep, 1 exact duplicate, 2 near-duplicate. */
  verdicts: Uint8Array;
  /** The first document of each document's cluster of exact and near-duplicates: itself where it is alone. */
  clusters: Int32Array;
  /** Of document d, the paragraphs cut[cutStarts[d]] to cut[cutStarts[d + 1] - 1] are to be cut. */
  cutStarts: Uint32Array;
  cut: Uint32Array;
}

export type FindDuplicatesOptions = DedupOptions & {
  /** For temporary files, which are removed. */
  workFolder: string;
  /** Memory for joins, beside the result and a bit a paragraph (default 256 MiB). What does not fit goes by the disk. */
  memoryBytes?: number;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
};

/**
 * Documents of all files, in order, are numbered through from 0. Of documents that say the same, and of documents in one
 * cluster of near-duplicates, the first is kept; of equal paragraphs in kept documents, the first. The result depends on
 * nothing else: neither on memory nor on how documents are divided into files.
 * @throws RunError for damaged files, files made with other options, a full disk; the signal's reason
 */
export async function findDuplicates(files: readonly string[], options: FindDuplicatesOptions): Promise<Duplicates> {
  return new Search(files, options).run();
}

class Search {
  private readonly files: readonly string[];
  private readonly options: FindDuplicatesOptions;
  private readonly rest: () => Promise<void> | undefined;
  private readonly documents: number;
  private readonly paragraphs: number;
  private readonly verdicts: Uint8Array;
  private readonly sets: UnionFind;
  /** Documents gone over, over all passes. */
  private done = 0;
  private readonly total: number;

  constructor(files: readonly string[], options: FindDuplicatesOptions) {
    this.files = files;
    this.options = options;
    this.rest = pacer(options.signal);
    let [documents, paragraphs] = [0, 0];
    for (const file of files) {
      const reader = new FingerprintReader(file, options);
      documents += reader.documents;
      paragraphs += reader.paragraphs;
      reader.close();
    }
    if (documents > 2 ** 31 - 1 || paragraphs > 2 ** 32 - 2)
      throw new RunError(`cannot deduplicate ${documents} documents with ${paragraphs} paragraphs at once`);
    this.documents = documents;
    this.paragraphs = paragraphs;
    this.verdicts = new Uint8Array(documents);
    this.sets = new UnionFind(documents);
    const { exact, near } = options;
    this.total = documents * ((exact ? 2 : 0) + (near ? 2 : 0) + (options.paragraphs ? 3 : 0));
  }

  async run(): Promise<Duplicates> {
    const { exact, near, paragraphs } = this.options;
    if (exact) await this.joinExact();
    if (near) await this.joinBands(near.bands);
    const clusters = this.sets.firsts();
    if (near && near.drop)
      for (let d = 0; d < clusters.length; d++)
        if (clusters[d] !== d && this.verdicts[d] === Verdict.keep) this.verdicts[d] = Verdict.near;
    const cuts = paragraphs
      ? await this.listCuts(await this.joinParagraphs())
      : { cutStarts: new Uint32Array(this.documents + 1), cut: new Uint32Array(0) };
    return { verdicts: this.verdicts, clusters, ...cuts };
  }

  private async joinExact(): Promise<void> {
    const onRepeat = (first: number, document: number) => {
      this.verdicts[document] = Verdict.exact;
      this.sets.union(first, document);
    };
    await this.join({ name: 'exact', records: this.documents, onRepeat }, (join, { words, exactAt }, document) =>
      join.add(words[exactAt]!, words[exactAt + 1]!, document),
    );
  }

  /** Documents that say the same have equal bands: the first speaks for all. */
  private async joinBands(bands: number): Promise<void> {
    const onRepeat = (first: number, document: number) => this.sets.union(first, document);
    await this.join({ name: 'near', records: this.documents * bands, onRepeat }, (join, reader, document) => {
      const { words, bandsAt } = reader;
      if (bandsAt < 0 || this.verdicts[document] !== Verdict.keep) return;
      for (let at = bandsAt; at < bandsAt + 2 * bands; at += 2) join.add(words[at]!, words[at + 1]!, document);
    });
  }

  /** A bit for each paragraph of the corpus, in order: whether it repeats one of a kept document. */
  private async joinParagraphs(): Promise<Uint8Array> {
    const repeated = new Uint8Array((this.paragraphs + 7) >>> 3);
    const onRepeat = (_: number, paragraph: number) => {
      repeated[paragraph >>> 3]! |= 1 << (paragraph & 7);
    };
    let number = 0;
    await this.join({ name: 'paragraphs', records: this.paragraphs, onRepeat }, (join, reader, document) => {
      const { words, paragraphsAt, paragraphCount } = reader;
      if (this.verdicts[document] === Verdict.keep)
        for (let p = 0, at = paragraphsAt; p < paragraphCount; p++, at += 3)
          join.add(words[at]!, words[at + 1]!, number + p);
      number += paragraphCount;
    });
    return repeated;
  }

  private async listCuts(repeated: Uint8Array): Promise<{ cutStarts: Uint32Array; cut: Uint32Array }> {
    const cutStarts = new Uint32Array(this.documents + 1);
    let count = 0;
    for (let bits of repeated) for (; bits > 0; bits &= bits - 1) count++;
    const cut = new Uint32Array(count);
    let [number, at] = [0, 0];
    await this.readAll(({ words, paragraphsAt, paragraphCount }, document) => {
      for (let p = 0; p < paragraphCount; p++, number++)
        if ((repeated[number >>> 3]! >>> (number & 7)) & 1) cut[at++] = words[paragraphsAt + 3 * p + 2]!;
      cutStarts[document + 1] = at;
    });
    return { cutStarts, cut };
  }

  /** Puts records of all documents into a join, and joins them. */
  private async join(
    { name, records, onRepeat }: Pick<KeyJoinOptions, 'name' | 'records' | 'onRepeat'>,
    add: (join: KeyJoin, reader: FingerprintReader, document: number) => void,
  ): Promise<void> {
    const { workFolder: folder, memoryBytes = 256 * 2 ** 20 } = this.options;
    const join = new KeyJoin({ name, records, onRepeat, folder, memoryBytes });
    try {
      await this.readAll((reader, document) => add(join, reader, document));
      const before = this.done;
      await join.finish(this.rest, (share) => this.progress(before + Math.round(share * this.documents)));
      this.progress(before + this.documents);
    } finally {
      join.dispose();
    }
  }

  private async readAll(visit: (reader: FingerprintReader, document: number) => void): Promise<void> {
    let document = 0;
    for (const file of this.files) {
      const reader = new FingerprintReader(file, this.options);
      try {
        while (reader.next()) {
          visit(reader, document++);
          if ((document & 1023) === 0) {
            await this.rest();
            this.progress(this.done + 1024);
          }
        }
      } finally {
        reader.close();
      }
    }
    this.progress(this.done + (document & 1023));
  }

  private progress(done: number): void {
    this.done = done;
    this.options.onProgress?.(done, this.total);
  }
}
