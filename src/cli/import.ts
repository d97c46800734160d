/** `telar import` */
import { readFileSync, statSync } from 'node:fs';
import { Command } from 'commander';
import { describeError, InputError } from '../io/errors.js';
import { type LanguageModel, loadLanguageModel } from '../generate/index.js';
import { huggingFaceGaps, parameterCount, readLlama2cFile, saveTransformer, transformerFrom } from '../model/index.js';
import { readLlama2cTokenizer, saveTokenizer } from '../tokenizer/index.js';

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
      const { model, tokenizer } = isFolder(path) ? loadLanguageModel(path) : fromLlama2c(path, flags.tokenizer);
      saveTransformer(model, flags.out, { addFiles: (folder) => saveTokenizer(tokenizer, folder) });
      const { family, layers, width, vocabSize } = model.config;
      const parameters = parameterCount(model.config);
      const gaps = huggingFaceGaps(model.config);
      if (flags.json) {
        console.log(JSON.stringify({ out: flags.out, parameters, config: model.config, huggingFaceGaps: gaps }));
        return;
      }
      console.log(
        `${flags.out}: ${family}, ${layers} layers of width ${width}, vocabulary ${vocabSize}, ${(parameters / 1e6).toFixed(2)}M parameters`,
      );
      if (gaps.length > 0) console.log(`Hugging Face's Transformers has no name for: ${gaps.join(', ')}`);
    });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`);
  }
}

function fromLlama2c(path: string, tokenizerFile: string | undefined): LanguageModel {
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
