// Training: time, merges and memory beside Hugging Face's tokenizers.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BPE, byteLevelPreTokenizer, Tokenizer as HuggingFace } from 'tokenizers';
import { byteCharacters } from '../dist/tokenizer/alphabet.js';
import { countWords } from '../dist/tokenizer/count-words.js';
import { trainBpe } from '../dist/tokenizer/index.js';
import { learnMerges } from '../dist/tokenizer/learn-merges.js';
import { random, stateOfTheUnion } from './tokenizer-text.mjs';

/** `file`, trained on as Hugging Face's Node binding does: with GPT-2's cut, 30,000 tokens, every pair counts, no byte is there that does not occur. */
function trainHuggingFace(file) {
  const tokenizer = new HuggingFace(BPE.empty());
  tokenizer.setPreTokenizer(byteLevelPreTokenizer(false));
  tokenizer.train([file]);
  return tokenizer;
}

/** The lines of a text with their ends, which that trainer takes as texts of their own. */
function* lines(bytes) {
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at) + 1 || bytes.length;
    yield bytes.subarray(at, end);
    at = end;
  }
}

export async function trainBench({ rounds }) {
  const folder = mkdtempSync(join(tmpdir(), 'telar-bench-'));
  const file = join(folder, 'text.txt');
  writeFileSync(file, stateOfTheUnion());
  const run = {
    'telar, 32768 tokens, telar pattern': () =>
      trainBpe({ texts: [readFileSync(file)], vocabSize: 32_768, minFrequency: 1 }),
    'telar, 32768 tokens, gpt2 pattern': () =>
      trainBpe({ texts: [readFileSync(file)], vocabSize: 32_768, pattern: 'gpt2', minFrequency: 1 }),
    'telar, the same, two threads': () =>
      trainBpe({ texts: [readFileSync(file)], vocabSize: 32_768, pattern: 'gpt2', minFrequency: 1, threads: 2 }),
    'tokenizers, 30000 tokens, gpt2 pattern': () => trainHuggingFace(file),
  };
  const best = {};
  for (let round = 0; round < rounds; round++)
    for (const [label, train] of Object.entries(run)) {
      const start = performance.now();
      await train();
      best[label] = Math.min(best[label] ?? Infinity, performance.now() - start);
    }
  console.log('State of the Union, 10.8 MB:');
  const theirs = best['tokenizers, 30000 tokens, gpt2 pattern'];
  for (const [label, time] of Object.entries(best))
    console.log(`  ${label.padEnd(40)} ${(time / 1e3).toFixed(2)} s   x${(theirs / time).toFixed(2)}`);
  await compareMerges(folder, file);
  rmSync(folder, { recursive: true });
}

/**
 * Both trained on the same lines, their way: as many tokens, and ties between equal counts broken by the order of the
 * alphabet's characters, by which that trainer numbers the bytes (ours numbers them by value).
 */
async function compareMerges(folder, file) {
  const saved = join(folder, 'tokenizer.json');
  trainHuggingFace(file).save(saved);
  const { merges, vocab } = JSON.parse(readFileSync(saved, 'utf8')).model;
  const theirs = merges.map((merge) => (Array.isArray(merge) ? merge.join(' ') : merge));
  const bytes = Object.keys(vocab).filter((token) => [...token].length === 1).length;

  const counts = await countWords({ texts: lines(readFileSync(file)), pattern: 'gpt2' });
  const characters = [...byteCharacters].sort();
  const numbers = byteCharacters.map((character) => characters.indexOf(character));
  const words = counts.counted();
  const renumbered = { ...words, bytes: words.bytes.map((byte) => numbers[byte]) };
  const learnt = learnMerges(renumbered, { first: 256, wanted: 30_000 - bytes, minFrequency: 1 });
  const tokens = [...characters];
  const ids = new Set(tokens);
  const mine = [];
  for (let i = 0; i < learnt.merges.length; i += 2) {
    const [left, right] = [tokens[learnt.merges[i]], tokens[learnt.merges[i + 1]]];
    mine.push(`${left} ${right}`);
    if (ids.has(left + right)) continue;
    ids.add(left + right);
    tokens.push(left + right);
  }
  let same = 0;
  while (same < theirs.length && theirs[same] === mine[same]) same++;
  console.log(`  merges, with their order of ties: ${theirs.length} and ${mine.length}, the first ${same} equal`);
}

export async function largeTrainBench() {
  const base = stateOfTheUnion().toString();
  const pick = random(88675123);
  // The same prose over and over, with a word in twenty changed by a letter or two, as typing errors do.
  function* texts() {
    const words = base.split(/(?<=\s)/);
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    for (let bytes = 0; bytes < 100e6;) {
      const start = pick(words.length - 20_000);
      let text = '';
      for (const word of words.slice(start, start + 20_000)) {
        const at = pick(20 * word.length);
        text += at < word.length ? word.slice(0, at) + letters[pick(26)] + word.slice(at + pick(2)) : word;
      }
      bytes += text.length;
      yield Buffer.from(text);
    }
  }
  const start = performance.now();
  let bytes = 0;
  let prepared = 0;
  const counted = function* () {
    const source = texts();
    for (;;) {
      const before = performance.now();
      const { value, done } = source.next();
      prepared += performance.now() - before;
      if (done) return;
      bytes += value.length;
      yield value;
    }
  };
  const tokenizer = await trainBpe({ texts: counted(), vocabSize: 32_768 });
  const seconds = (performance.now() - start) / 1e3;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${(bytes / 1e6).toFixed(0)} MB to ${tokenizer.vocabSize} tokens: ${seconds.toFixed(1)} s ` +
      `(${(prepared / 1e3).toFixed(1)} s of it to make the text), peak RSS ${peak.toFixed(0)} MiB`,
  );
}
