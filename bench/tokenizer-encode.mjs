// Encoding: equal ids, and MB/s of each.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Tokenizer as HuggingFace } from 'tokenizers';
import { Tiktoken } from 'tiktoken/lite';
import { readRanks, tokenizerFromRanks } from '../dist/tokenizer/index.js';
import { mixedText, stateOfTheUnion } from './tokenizer-text.mjs';

const require = createRequire(import.meta.url);
const ranksFolder = join(dirname(require.resolve('gpt-tokenizer/package.json')), 'data');

const vocabularies = [
  { name: 'GPT-2', ranks: 'r50k_base', tiktoken: 'gpt2', pattern: 'gpt2' },
  { name: 'cl100k', ranks: 'cl100k_base', tiktoken: 'cl100k_base', pattern: 'gpt4' },
  { name: 'o200k', ranks: 'o200k_base', tiktoken: 'o200k_base', pattern: 'o200k' },
];

/** Index of the first id that differs, or -1. */
function firstDifference(a, b) {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

export async function encodeBench({ rounds, megabytes, vocabulary }) {
  const texts = { mixed: mixedText(megabytes * 1e6), prose: stateOfTheUnion().toString() };
  for (const { name, ranks, tiktoken, pattern } of vocabularies) {
    if (vocabulary !== null && vocabulary !== name) continue;
    const ours = tokenizerFromRanks(readRanks(readFileSync(join(ranksFolder, `${ranks}.tiktoken`), 'utf8')), {
      pattern,
    });
    const data = require(`tiktoken/encoders/${tiktoken}.json`);
    const theirs = new Tiktoken(data.bpe_ranks, {}, data.pat_str);
    const gpt = await import(`gpt-tokenizer/encoding/${ranks}`);
    const none = { disallowedSpecial: new Set() };
    for (const [kind, text] of Object.entries(texts)) {
      const bytes = Buffer.from(text);
      const contenders = {
        telar: () => ours.encode(text),
        'telar, from bytes': () => ours.encode(bytes),
        tiktoken: () => theirs.encode_ordinary(text),
        'gpt-tokenizer': () => gpt.encode(text, none),
      };
      const best = {};
      const ids = {};
      for (let round = 0; round < rounds; round++)
        for (const [label, run] of Object.entries(contenders)) {
          const start = performance.now();
          ids[label] = run();
          best[label] = Math.min(best[label] ?? Infinity, performance.now() - start);
        }
      const speed = (label) => bytes.length / 1e3 / best[label];
      const fastest = Math.max(speed('tiktoken'), speed('gpt-tokenizer'));
      const equal = ['tiktoken', 'gpt-tokenizer'].map((label) => {
        const at = firstDifference(ids.telar, ids[label]);
        return at < 0 ? `same ids as ${label}` : `DIFFERS from ${label} at token ${at}`;
      });
      console.log(
        `${name}, ${kind}: ${(bytes.length / 1e6).toFixed(1)} MB, ${ids.telar.length} tokens; ${equal.join(', ')}`,
      );
      for (const label of Object.keys(contenders))
        console.log(
          `  ${label.padEnd(18)} ${speed(label).toFixed(1).padStart(7)} MB/s   x${(speed(label) / fastest).toFixed(2)}`,
        );
    }
    const sample = texts.mixed.slice(0, 1e6);
    const face = HuggingFace.fromString(JSON.stringify(ours.toJSON()));
    const encoding = await face.encode(sample, null, { addSpecialTokens: false });
    const at = firstDifference(ours.encode(sample), encoding.getIds());
    console.log(`  tokenizers, with our tokenizer.json, first MB: ${at < 0 ? 'same ids' : `DIFFERS at token ${at}`}`);
    theirs.free();
  }
}
