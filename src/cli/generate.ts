/** `telar generate` */
import { Command } from 'commander';
import {
  type ConstraintRequest,
  generateText,
  loadLanguageModel,
  requestedConstraint,
  requestedValue,
  streamText,
  type TextOptions,
} from '../generate/index.js';
import { adapterFlag, addSampling, threadsFlag, useThreads } from './flags.js';

interface Flags extends TextOptions, ConstraintRequest {
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
    .option('--schema <file>', 'write a JSON document that is valid by this JSON schema')
    .option('--regex <pattern>', 'write what this regular expression matches as a whole')
    .option('--choices <a,b>', 'write one of these texts')
    .option(
      '--json',
      'print {text, tokens: [{id, text, logprob}], finishReason}, and the value where the output has a form',
    )
    .addHelpText(
      'after',
      '\nExample:\n  telar generate --model runs/first/final --prompt "Fellow citizens" --max-tokens 100' +
        "\n  telar generate --model runs/first/final --prompt 'The army is' --choices ' strong, weak'",
    )
    .action(async (flags: Flags) => {
      useThreads(flags.threads);
      const { model, tokenizer } = loadLanguageModel(flags.model, { adapters: flags.adapter });
      const constraint = requestedConstraint(flags, tokenizer);
      const options: TextOptions = constraint ? { ...flags, constraint } : flags;
      if (flags.json) {
        const [completion] = await generateText(model, tokenizer, [flags.prompt], options);
        const value = constraint ? { value: requestedValue(flags, completion!.text) } : {};
        console.log(JSON.stringify({ ...completion, ...value }));
        return;
      }
      // Output of a form is for programs to read: it stands alone.
      if (!constraint) process.stdout.write(flags.prompt);
      for await (const { text } of streamText(model, tokenizer, [flags.prompt], options)) process.stdout.write(text);
      process.stdout.write('\n');
    });
}
