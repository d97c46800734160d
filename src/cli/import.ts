/** `telar import` */
import { readFileSync, statSync } from 'node:fs';
import { Command } from 'commander';
import { describeError, InputError } from '../io/errors.js';
import {
  loadTransformer,
  parameterCount,
  readLlama2cFile,
  saveTransformer,
  type Transformer,
  transformerFrom,
} from '../model/index.js';
import { loadTokenizer, readLlama2cTokenizer, saveTokenizer, type Tokenizer } from '../tokenizer/index.js';

interface Flags {
  out: string;
  tokenizer?: string;
  json?: boolean;
}

export function importCommand(): Command {
  return new Command('import')
    .description('make a model directory from a Hugging Face directory or a llama2.c checkpoint')
    .argument('<path>', 'directory with config.json and safetensors, or a .bin of llama2.c')
    .requiredOption('--out <dir>', 'model directory to write')
    .option('--tokenizer <file>', 'tokenizer of a llama2.c checkpoint, such as tok512.bin')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  telar import downloads/SmolLM2-135M --out models/smol\n  telar import stories260K.bin --tokenizer tok512.bin --out models/stories',
    )
    .action((path: string, flags: Flags) => {
      const { model, tokenizer } = isFolder(path) ? fromFolder(path) : fromLlama2c(path, flags.tokenizer);
      saveTransformer(model, flags.out, { addFiles: (folder) => saveTokenizer(tokenizer, folder) });
      const { family, layers, width, vocabSize } = model.config;
      const parameters = parameterCount(model.config);
      if (flags.json) console.log(JSON.stringify({ out: flags.out, parameters, config: model.config }));
      else
        console.log(
          `${flags.out}: ${family}, ${layers} layers of width ${width}, vocabulary ${vocabSize}, ${(parameters / 1e6).toFixed(2)}M parameters`,
        );
    });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`);
  }
}

function fromFolder(path: string): { model: Transformer; tokenizer: Tokenizer } {
  return { tokenizer: loadTokenizer(path), model: loadTransformer(path) };
}

function fromLlama2c(path: string, tokenizerFile: string | undefined): { model: Transformer; tokenizer: Tokenizer } {
  if (tokenizerFile === undefined)
    throw new InputError(
      'a llama2.c checkpoint comes without its tokenizer: name it with --tokenizer, such as tok512.bin',
    );
  const stored = readLlama2cFile(path);
  try {
    const tokenizer = readLlama2cTokenizer(bytesOf(tokenizerFile), stored.config.vocabSize, tokenizerFile);
    return { tokenizer, model: transformerFrom(stored) };
  } finally {
    stored.close();
  }
}

function bytesOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`);
  }
}
