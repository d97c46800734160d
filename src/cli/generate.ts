/** `telar generate` */
import { Command } from 'commander';
import { generateText, streamText, type TextOptions } from '../generate/index.js';
import { loadTransformer } from '../model/index.js';
import { loadTokenizer } from '../tokenizer/index.js';
import { anyNumber, threadsFlag, useThreads, wholeNumber } from './flags.js';

interface Flags extends TextOptions {
  model: string;
  prompt: string;
  threads?: number;
  json?: boolean;
}

export function generateCommand(): Command {
  return new Command('generate')
    .description('continue a prompt')
    .requiredOption('--model <dir>', 'model directory')
    .option('--prompt <text>', 'text to continue; without it the model begins a document', '')
    .option('--max-tokens <n>', 'most new tokens', wholeNumber(1, 1e6), 256)
    .option('--temperature <t>', '0 is greedy, 1 the model as it is', anyNumber, 0.8)
    .option('--top-k <n>', 'only the n most likely tokens; 0 for all', wholeNumber(0, 1e9), 0)
    .option('--top-p <p>', 'only the most likely tokens that reach this probability', anyNumber, 1)
    .option('--min-p <p>', 'only tokens at least this likely, relative to the best', anyNumber, 0)
    .option('--repetition-penalty <x>', 'above 1 discourages tokens seen before', anyNumber, 1)
    .option('--stop <text...>', 'texts that end the output')
    .option('--seed <n>', 'seed of the random choices', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .option(...threadsFlag)
    .option('--json', 'print {text, tokens: [{id, text, logprob}], finishReason}')
    .addHelpText(
      'after',
      '\nExample:\n  telar generate --model runs/first/final --prompt "Fellow citizens" --max-tokens 100',
    )
    .action(async (flags: Flags) => {
      useThreads(flags.threads);
      const tokenizer = loadTokenizer(flags.model);
      const model = loadTransformer(flags.model);
      if (flags.json) {
        const [completion] = await generateText(model, tokenizer, [flags.prompt], flags);
        console.log(JSON.stringify(completion));
        return;
      }
      process.stdout.write(flags.prompt);
      for await (const { text } of streamText(model, tokenizer, [flags.prompt], flags)) process.stdout.write(text);
      process.stdout.write('\n');
    });
}
