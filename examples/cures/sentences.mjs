/** The rough sentences of `nlp-corpus`: reviews, lyrics, forum posts, reports; 100,000 of them, some of which curse. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * All sentences once, with the part that each belongs to by its own hash: nine in ten are of `train`, the rest of `heldOut`, which
 * nothing is trained on.
 * @returns {{ train: string[], heldOut: string[] }}
 */
export function readSentences() {
  const entry = createRequire(import.meta.url).resolve('nlp-corpus');
  const folder = join(dirname(entry), '../../builds');
  const files = readdirSync(folder).toSorted((a, b) => Number(a.match(/\d+/)) - Number(b.match(/\d+/)));
  const sentences = files.flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
  const parts = { train: [], heldOut: [] };
  for (const text of new Set(sentences.map((sentence) => sentence.trim())))
    if (text.length > 1) parts[hashOf(text) % 10 === 0 ? 'heldOut' : 'train'].push(text);
  return parts;
}

/** A number from 0 that depends on the text alone. */
export function hashOf(text) {
  return createHash('sha256').update(text).digest().readUInt32LE(0);
}

/** `count` of a list, evenly spread over it. */
export function evenly(list, count) {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]);
}
