/** `telar tune preview` */
import { Command } from 'commander';
import picocolors from 'picocolors';
import { readModelDirectory } from '../model/index.js';
import { ChatTemplate, loadTokenizer } from '../tokenizer/index.js';
import { previewExample, readExamples, showPreview } from '../tune/data/index.js';
import { wholeNumber } from './flags.js';

interface Flags {
  model: string;
  data: string[];
  example: number;
  context?: number;
  system?: string;
  skipBad?: boolean;
  json?: boolean;
}

export function tunePreviewCommand(): Command {
  return new Command('preview')
    .description('show an example of the data as a model will learn it')
    .requiredOption('--model <dir>', 'model directory')
    .requiredOption('--data <path...>', 'JSON lines or Parquet with "messages", or "prompt" and "completion"')
    .option('--example <n>', 'number of the example', wholeNumber(1, 1e9), 1)
    .option('--context <n>', 'most tokens of an example (default: as the model has)', wholeNumber(2, 1e6))
    .option('--system <text>', 'system message of conversations that have none')
    .option('--skip-bad', 'leave bad examples out and count them')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  telar tune preview --model runs/books/final --data questions.jsonl --example 2',
    )
    .action(async (flags: Flags) => {
      const stored = readModelDirectory(flags.model);
      const { context } = stored.config;
      stored.close();
      const tokenizer = loadTokenizer(flags.model);
      const read = await readExamples(flags.data, {
        tokenizer,
        template: ChatTemplate.load(flags.model),
        context: flags.context ?? context,
        skipBad: flags.skipBad ?? false,
        ...(flags.system !== undefined && { systemPrompt: flags.system }),
      });
      const preview = previewExample(read, flags.example, tokenizer);
      if (flags.json) console.log(JSON.stringify(preview));
      else console.log(showPreview(preview, picocolors.isColorSupported ? learnedStyle : null));
    });
}

const learnedStyle = (text: string): string => picocolors.bgGreen(picocolors.black(text));
