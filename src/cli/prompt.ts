/** `telar prompt show|run|optimize` */
import { Command } from 'commander';
import { loadLanguageModel, modelFolders, promptTokens } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import {
  answerQuestions,
  checkValues,
  exampleSelector,
  fitPrompt,
  parseAssignments,
  type PromptFile,
  type Question,
  readInputFile,
  readPromptFile,
  renderPrompt,
} from '../prompt/index.js';
import { loadTokenizer } from '../tokenizer/index.js';
import { threadsFlag, useThreads } from './flags.js';
import { optimizeCommand } from './prompt-optimize.js';

interface Flags {
  input?: string[];
  data?: string;
  model?: string;
  threads?: number;
  json?: boolean;
}

export function promptCommand(): Command {
  return new Command('prompt')
    .description('prompt files: show what they become, run them, search for better ones')
    .addCommand(showCommand())
    .addCommand(runCommand())
    .addCommand(optimizeCommand());
}

const inputFlag = ['--input <name=value...>', 'values of the inputs'] as const;
const modelFlag = ['--model <dir>', 'model directory (default: the one the prompt file names)'] as const;

function showCommand(): Command {
  return new Command('show')
    .description('the prompt with values in it, and its tokens')
    .argument('<file>', 'a .prompt.md file')
    .option(...inputFlag)
    .option(...modelFlag)
    .option('--json', 'print {prompt, tokens, examples}')
    .addHelpText(
      'after',
      '\nExample:\n  telar prompt show prompts/classify.prompt.md --input text="The hall was cold."',
    )
    .action(async (path: string, flags: Flags) => {
      const file = readPromptFile(path);
      const { values, where } = question(file, flags.input ?? []);
      const folder = flags.model ?? file.settings.model;
      const tokenizer =
        folder === undefined ? null : loadTokenizer(modelFolders(folder, file.settings.adapters).tokenizer);
      const nearest = file.settings.examples.select === 'nearest';
      const chosen = nearest
        ? file.pool.slice(0, file.settings.examples.count)
        : (await exampleSelector(file, []))(values);
      const fitted = tokenizer && fitPrompt(file, values, chosen, { tokenizer, room: Infinity, where });
      const prompt = fitted?.text ?? renderPrompt(file, values, chosen);
      const tokens = tokenizer ? promptTokens(tokenizer, prompt).length : null;
      if (flags.json) console.log(JSON.stringify({ prompt, tokens, examples: chosen.length }));
      else {
        console.log(prompt);
        const count = tokens === null ? `${prompt.length} characters (tokens: name a --model)` : `${tokens} tokens`;
        console.error(
          `\n${count}, ${chosen.length} of ${file.pool.length} examples${nearest ? ' (those nearest are chosen when it runs)' : ''}`,
        );
      }
    });
}

function runCommand(): Command {
  return new Command('run')
    .description('put a prompt to a model: one question, or a file of them')
    .argument('<file>', 'a .prompt.md file')
    .option(...inputFlag)
    .option('--data <file>', 'JSONL with the inputs, one question a line')
    .option(...modelFlag)
    .option(...threadsFlag)
    .option('--json', 'print one JSON document; with --data a list')
    .addHelpText(
      'after',
      '\nExamples:\n  telar prompt run prompts/classify.prompt.md --model runs/first/final --input text="What a day"\n' +
        '  telar prompt run spam.prompt.md --data mails.jsonl --json',
    )
    .action(async (path: string, flags: Flags) => {
      useThreads(flags.threads);
      const file = readPromptFile(path);
      if ((flags.data === undefined) === (flags.input === undefined) && Object.keys(file.settings.input).length > 0)
        throw new InputError('give either --input name=value for one question or --data file.jsonl for many');
      const questions: Question[] =
        flags.data === undefined ? [question(file, flags.input ?? [])] : readInputFile(flags.data, file.settings);
      const lm = loadLanguageModel(modelOf(file, flags.model), { adapters: file.settings.adapters });
      const all: unknown[] = [];
      for await (const { where, ...answer } of answerQuestions(file, lm, questions)) {
        const row = flags.data === undefined ? answer : { where, ...answer };
        if (flags.json) all.push(row);
        else if (flags.data !== undefined) console.log(JSON.stringify(row));
        else {
          console.log(answer.answer);
          for (const [label, p] of Object.entries(answer.probabilities ?? {}))
            console.error(`  ${(100 * p).toFixed(1).padStart(5)}%  ${label}`);
        }
      }
      if (flags.json) console.log(JSON.stringify(flags.data === undefined ? all[0] : all));
    });
}

function question(file: PromptFile, assignments: readonly string[]): Question {
  const given = parseAssignments(assignments, file.settings.input);
  return { values: checkValues(given, file.settings.input, '--input'), where: '--input' };
}

/** The folder of the model. @throws InputError where neither flag nor file names one */
export function modelOf(file: PromptFile, flag: string | undefined): string {
  const folder = flag ?? file.settings.model;
  if (folder === undefined) throw new InputError(`${file.path} names no model: give --model`);
  return folder;
}
