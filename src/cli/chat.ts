/** `telar chat` */
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import picocolors from 'picocolors';
import { Conversation, loadLanguageModel, streamText, type TextOptions } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import { ChatTemplate } from '../tokenizer/index.js';
import { addSampling, threadsFlag, useThreads } from './flags.js';

interface Flags extends TextOptions {
  model: string;
  maxTokens: number;
  seed: number;
  system?: string;
  threads?: number;
}

export function chatCommand(): Command {
  return addSampling(
    new Command('chat')
      .description('talk with a model, line by line; /reset forgets, /exit or Ctrl-D ends, Ctrl-C stops an answer')
      .requiredOption('--model <dir>', 'model directory'),
  )
    .option('--system <text>', 'what the model is told before all else')
    .option(...threadsFlag)
    .addHelpText('after', '\nExample:\n  telar chat --model runs/sotu/final --temperature 0.7')
    .action(async (flags: Flags) => {
      useThreads(flags.threads);
      const { model, tokenizer } = loadLanguageModel(flags.model);
      const maxTokens = Math.min(flags.maxTokens, model.config.context >> 1);
      const conversation = new Conversation({
        tokenizer,
        template: ChatTemplate.load(flags.model),
        room: model.config.context - maxTokens,
        system: flags.system,
      });
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      let [answering, stopped] = [false, false];
      lines.on('SIGINT', () => (answering ? (stopped = true) : lines.close()));
      lines.setPrompt(picocolors.bold('you> '));
      lines.prompt();
      for await (const line of lines) {
        const question = line.trim();
        if (question === '/exit') break;
        if (question === '/reset') conversation.reset();
        else if (question !== '') {
          [answering, stopped] = [true, false];
          try {
            let answer = '';
            const stop = [...conversation.stop, ...(flags.stop ?? [])];
            const options = { ...flags, maxTokens, stop, stopTokens: conversation.stopTokens };
            for await (const { text } of streamText(model, tokenizer, [conversation.prompt(question)], options)) {
              const shown = answer === '' ? text.trimStart() : text;
              answer += shown;
              process.stdout.write(shown);
              if (stopped) break;
            }
            process.stdout.write('\n');
            conversation.add(question, answer);
            flags.seed++;
          } catch (error) {
            if (!(error instanceof InputError)) throw error;
            console.error(error.message);
          }
          answering = false;
        }
        lines.prompt();
      }
      lines.close();
    });
}
