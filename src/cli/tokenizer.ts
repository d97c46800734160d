/** `telar tokenizer train|import|encode|decode|compare` */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { openCorpus } from '../corpus/index.js';
import { describeError, InputError } from '../io/errors.js';
import { createProgress } from '../io/progress.js';
import {
  endOfText,
  loadTokenizer,
  type PatternPreset,
  patternPresets,
  readRanks,
  saveTokenizer,
  tokenizerFromRanks,
  trainBpe,
} from '../tokenizer/index.js';
import { wholeNumber } from './flags.js';
import { compareCommand } from './tokenizer-compare.js';

interface TrainFlags {
  out: string;
  vocabSize: number;
  minFrequency: number;
  pattern: PatternPreset;
  special: string[];
  maxWords?: number;
  threads?: number;
  json?: boolean;
}

interface ImportFlags {
  out: string;
  pattern: PatternPreset;
  special: Record<string, number>;
}

interface UseFlags {
  tokenizer: string;
  text?: string;
  special?: boolean;
  json?: boolean;
}

export function tokenizerCommand(): Command {
  return new Command('tokenizer')
    .description('train, import and compare tokenizers; turn text into token ids and back')
    .addCommand(trainCommand())
    .addCommand(importCommand())
    .addCommand(encodeCommand())
    .addCommand(decodeCommand())
    .addCommand(compareCommand());
}

const patterns = Object.keys(patternPresets).join(', ');

function trainCommand(): Command {
  return new Command('train')
    .description('train a byte-level BPE tokenizer on files or folders of text')
    .argument('<paths...>', 'text files (.txt, .md, .jsonl) or folders of them')
    .requiredOption('--out <dir>', 'folder for tokenizer.json')
    .option('--vocab-size <n>', 'token ids, bytes and special tokens included', wholeNumber(257, 1 << 20), 4096)
    .option('--min-frequency <n>', 'pairs that occur less often are not merged', wholeNumber(1, 1e9), 2)
    .option('--pattern <name>', `how text is cut before merging: ${patterns}`, pattern, 'telar')
    .option('--special <token...>', 'special tokens; the first begins and ends a document', [endOfText])
    .option('--max-words <n>', 'distinct words kept; of more, the rarest are forgotten', wholeNumber(1000, 1 << 26))
    .option(
      '--threads <n>',
      'threads that count words (default: one a processor, once a corpus is large)',
      wholeNumber(1, 256),
    )
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  telar tokenizer train books/ --vocab-size 8192 --out tokenizers/books')
    .action(async (paths: string[], flags: TrainFlags) => {
      const progress = createProgress({ json: flags.json ?? false });
      try {
        const corpus = await openCorpus(paths, {
          heldOut: 0,
          onWarning: (message) => progress.note(message),
          onProgress: ({ bytes, totalBytes }) =>
            progress.update({ title: 'reading', done: bytes, total: totalBytes, unit: 'bytes' }),
        });
        let done = 0;
        const texts = async function* (): AsyncGenerator<Uint8Array> {
          for await (const { text } of corpus.read('train')) {
            yield text;
            done += text.length;
            progress.update({ title: 'counting words', done, total: corpus.textBytes, unit: 'bytes' });
          }
        };
        const { vocabSize, minFrequency, pattern, special, maxWords, threads } = flags;
        const tokenizer = await trainBpe({
          texts: texts(),
          vocabSize,
          minFrequency,
          pattern,
          specials: special,
          ...(maxWords !== undefined && { maxWords }),
          ...(threads !== undefined && { threads }),
        });
        saveTokenizer(tokenizer, flags.out);
        progress.done();
        const result = {
          out: flags.out,
          vocabSize: tokenizer.vocabSize,
          textBytes: corpus.textBytes,
          hash: tokenizer.hash,
        };
        if (flags.json) console.log(JSON.stringify(result));
        else console.log(`${flags.out}: ${result.vocabSize} tokens from ${result.textBytes} bytes of text`);
      } finally {
        progress.done();
      }
    });
}

function importCommand(): Command {
  return new Command('import')
    .description('make tokenizer.json of a tiktoken vocabulary')
    .argument('<file>', 'a .tiktoken file: a token in base64 and its rank on each line')
    .requiredOption('--out <dir>', 'folder for tokenizer.json')
    .requiredOption('--pattern <name>', `how the vocabulary cuts text: ${patterns}`, pattern)
    .option('--special <token=id...>', 'special tokens with their ids', specialToken, {})
    .addHelpText(
      'after',
      "\nExample:\n  telar tokenizer import cl100k_base.tiktoken --pattern gpt4 --special '<|endoftext|>=100257' --out tokenizers/cl100k",
    )
    .action((file: string, { out, pattern, special }: ImportFlags) => {
      const ranks = readRanks(readInput(file).toString('latin1'), file);
      const tokenizer = tokenizerFromRanks(ranks, { pattern, specials: special, where: file });
      saveTokenizer(tokenizer, out);
      console.log(`${out}: ${ranks.size} tokens and ${tokenizer.specials.size} special`);
    });
}

function encodeCommand(): Command {
  return new Command('encode')
    .description('token ids of a text, separated by spaces')
    .argument('[file]', 'file to encode; - or nothing for standard input')
    .requiredOption('--tokenizer <dir>', 'folder with tokenizer.json, such as a model directory')
    .option('--text <text>', 'text to encode instead of a file')
    .option('--special', 'text that spells a special token becomes that token')
    .option('--json', 'print {tokens: [{id, text}], bytes, bytesPerToken}')
    .addHelpText('after', '\nExample:\n  telar tokenizer encode --tokenizer runs/sotu/final --text "Fellow citizens"')
    .action((file: string | undefined, flags: UseFlags) => {
      if (file !== undefined && flags.text !== undefined) throw new InputError('give a file or --text, not both');
      const tokenizer = loadTokenizer(flags.tokenizer);
      const bytes = flags.text === undefined ? readInput(file) : Buffer.from(flags.text);
      const ids = tokenizer.encode(bytes, { allowSpecial: flags.special ?? false });
      if (!flags.json) {
        console.log(ids.join(' '));
        return;
      }
      const tokens = Array.from(ids, (id) => ({ id, text: tokenizer.decode([id]) }));
      console.log(JSON.stringify({ tokens, bytes: bytes.length, bytesPerToken: bytes.length / ids.length || 0 }));
    });
}

function decodeCommand(): Command {
  return new Command('decode')
    .description('text of token ids, byte for byte')
    .argument('[ids...]', 'token ids; without any they are read from standard input')
    .requiredOption('--tokenizer <dir>', 'folder with tokenizer.json, such as a model directory')
    .addHelpText('after', '\nExample:\n  telar tokenizer decode --tokenizer runs/sotu/final 1029 345 2210')
    .action((ids: string[], flags: UseFlags) => {
      const tokenizer = loadTokenizer(flags.tokenizer);
      const words =
        ids.length > 0
          ? ids
          : readInput(undefined)
              .toString('utf8')
              .split(/[\s,]+/);
      const numbers = words.filter((word) => word !== '').map(tokenId);
      process.stdout.write(tokenizer.decodeBytes(numbers));
    });
}

function pattern(name: string): PatternPreset {
  if (!Object.hasOwn(patternPresets, name))
    throw new InvalidArgumentError(`It must be one of ${Object.keys(patternPresets).join(', ')}.`);
  return name as PatternPreset;
}

function specialToken(entry: string, others: Record<string, number>): Record<string, number> {
  const [, token, id] = /^(.+)=(\d{1,8})$/su.exec(entry) ?? [];
  if (token === undefined) throw new InvalidArgumentError('It must be a token, = and its id.');
  return { ...others, [token]: Number(id) };
}

function tokenId(word: string): number {
  if (!/^\d{1,10}$/.test(word)) throw new InputError(`"${word.slice(0, 40)}" is no token id: ids are whole numbers`);
  return Number(word);
}

/** The bytes of a file, or of standard input. */
function readInput(file: string | undefined): Buffer {
  try {
    return readFileSync(file === undefined || file === '-' ? 0 : file);
  } catch (error) {
    throw new InputError(`cannot read ${file ?? 'standard input'}: ${describeError(error)}`);
  }
}
