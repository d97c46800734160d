// Our tokenizer beside others in one run, alternating; the best of several rounds counts, on one core.
//
//   node bench/tokenizer.mjs [encode] [train] [large] [--rounds 5] [--megabytes 10] [--vocabulary o200k]
//
// encode: ids and speed beside tiktoken, gpt-tokenizer and (with our tokenizer.json) Hugging Face's tokenizers.
// train: the State of the Union beside Hugging Face's tokenizers. large: 100 MB to 32k tokens, time and memory.
import { encodeBench } from './tokenizer-encode.mjs';
import { largeTrainBench, trainBench } from './tokenizer-train.mjs';

const args = process.argv.slice(2);
const option = (name, otherwise) => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? otherwise : args.splice(at, 2)[1];
};
const rounds = Number(option('rounds', 5));
const megabytes = Number(option('megabytes', 10));
const vocabulary = option('vocabulary', null);
const parts = args.length > 0 ? args : ['encode', 'train', 'large'];
if (parts.includes('encode')) await encodeBench({ rounds, megabytes, vocabulary });
if (parts.includes('train')) await trainBench({ rounds });
if (parts.includes('large')) await largeTrainBench();
