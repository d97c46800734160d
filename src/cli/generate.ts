/** `telar generate` */
import { Command } from 'commander';
import { generateText, loadLanguageModel, streamText, type TextOptions } from '../generate/index.js';
import { adapterFlag, addSampling, threadsFlag, useThreads } from './flags.js';

interface Flags extends TextOptions {
  model: string;
  adapter: readonly string[];
  prompt: string;
  threads?: number;
  json?: boolean;
}

export function generateCommand(): Command {
  return addSampling(
    new Command('generate')
      .description('continue a prompt')
      .requiredOption('--model <dir>', "model directory, or an adapter's that names its base")
      .option(...adapterFlag)
      .option('--prompt <text>', 'text to continue; without it the model begins a document', ''),
  )
    .option(...threadsFlag)
    .option('--json', 'print {text, tokens: [{id, text, logprob}], finishReason}')
    .addHelpText(
      'after',
      '\nExample:\n  telar generate --model runs/first/final --prompt "Fellow citizens" --max-tokens 100',
    )
    .action(async (flags: Flags) => {
      useThreads(flags.threads);
      const { model, tokenizer } = loadLanguageModel(flags.model, { adapters: flags.adapter });
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
