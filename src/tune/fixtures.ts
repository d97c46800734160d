/** A tiny model directory and a file of examples, for tests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initializeTransformer, newModelConfig, saveTransformer } from '../model/index.js';
import { byteTokenizer, saveTokenizer } from '../tokenizer/index.js';

/** Writes `base/`, a model of random weights that reads bytes. @returns its path */
export function writeTinyModel(folder: string, family: 'llama' | 'gpt2' = 'llama'): string {
  const tokenizer = byteTokenizer();
  const config = newModelConfig(family, {
    vocabSize: tokenizer.vocabSize,
    context: 64,
    layers: 2,
    width: 16,
    heads: 2,
    bosTokenId: tokenizer.bos,
    eosTokenIds: tokenizer.eos === null ? [] : [tokenizer.eos],
  });
  const model = initializeTransformer(config, 1);
  const path = join(folder, 'base');
  saveTransformer(model, path, { addFiles: (temporary) => saveTokenizer(tokenizer, temporary) });
  model.dispose();
  return path;
}

/** Writes `examples.jsonl`: sums of small numbers. @returns its path */
export function writeExamples(folder: string, count: number): string {
  const lines = Array.from({ length: count }, (_, i) => {
    const [a, b] = [i % 7, (i >> 2) % 5];
    return JSON.stringify({ prompt: `${a}+${b}+${i % 3}=`, completion: String(a + b + (i % 3)) });
  });
  const path = join(folder, 'examples.jsonl');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}
