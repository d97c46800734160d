import { expect, it } from 'vitest';
import { InputError } from '../../io/errors.js';
import { byteTokenizer } from '../../tokenizer/index.js';
import type { Example } from './examples.js';
import { previewExample, showPreview } from './preview.js';

const tokenizer = byteTokenizer();
const example = (prompt: string, answer: string): Example => {
  const [before, after] = [tokenizer.encode(prompt), tokenizer.encode(answer)];
  const tokens = Int32Array.of(256, ...before, ...after, 256);
  return { tokens, learned: new Uint8Array(tokens.length).fill(1, 1 + before.length), where: 'a.jsonl:1' };
};
const read = {
  examples: [example('é?', 'one\ntwo'), example('q', '\u001b[31mred')],
  problems: [{ where: 'a.jsonl:2', kind: 'not JSON', reason: 'it is not JSON' }],
  truncated: 1,
};

it('shows what is learned between brackets, or painted line by line', () => {
  const preview = previewExample(read, 1, tokenizer);
  expect(preview.parts).toEqual([
    { text: '<|endoftext|>é?', tokens: 4, learned: false },
    { text: 'one\ntwo<|endoftext|>', tokens: 8, learned: true },
  ]);
  expect(showPreview(preview, null)).toBe(
    [
      'Example 1 of 2 (a.jsonl:1)',
      '',
      '<|endoftext|>é?⟦one\ntwo<|endoftext|>⟧',
      '',
      '⟦learned⟧, the rest is only read. 8 of 12 tokens are learned.',
      'All data: 2 examples, 23 tokens, 17 learned; the longest has 12.',
      '1 lost the beginning of the prompt to fit the context.',
      '1 bad example is left out:',
      '  1 not JSON: a.jsonl:2',
    ].join('\n'),
  );
  expect(showPreview(preview, (text) => `{${text}}`)).toContain('é?{one}\n{two<|endoftext|>}');
});

it('lets no text control the terminal, and knows how many examples there are', () => {
  expect(showPreview(previewExample(read, 2, tokenizer), null)).toContain('⟦␛[31mred<|endoftext|>⟧');
  expect(() => previewExample(read, 3, tokenizer)).toThrow(InputError);
  expect(() => previewExample(read, 3, tokenizer)).toThrow('there is no example 3: the data has 2');
});
