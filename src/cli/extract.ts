/** `telar extract` */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { readTexts } from '../classify/index.js';
import { loadLanguageModel, modelFolders } from '../generate/index.js';
import { describeError, InputError } from '../io/errors.js';
import { createProgress } from '../io/progress.js';
import { ChatTemplate } from '../tokenizer/index.js';
import { extract, type ExtractOptions } from '../understand/index.js';
import { adapterFlag, anyNumber, threadsFlag, useThreads, wholeNumber } from './flags.js';

interface Flags extends ExtractOptions {
  model: string;
  adapter: readonly string[];
  schema: string;
  data?: string;
  text: string;
  threads?: number;
  json?: boolean;
}

export function extractCommand(): Command {
  return new Command('extract')
    .description('data from texts, as JSON that follows a schema whatever the model')
    .argument('[text]', 'the text')
    .requiredOption('--model <dir>', "model directory, or an adapter's that names its base")
    .option(...adapterFlag)
    .requiredOption('--schema <file>', 'JSON schema of the data')
    .option('--data <file>', 'texts from a .txt (one a line), .csv, .tsv or .jsonl file')
    .option('--text <field>', 'column or field of the text', 'text')
    .option('--instruction <text>', 'what is to be found')
    .option('--max-tokens <n>', 'most tokens of a document', wholeNumber(1, 1e6))
    .option('--temperature <t>', '0 is greedy', anyNumber, 0)
    .option('--seed <n>', 'seed of the random choices', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .option(...threadsFlag)
    .option('--json', 'print one JSON document, [{line, value, cut}], instead of a value a line')
    .addHelpText(
      'after',
      '\nExample:\n  telar extract --model runs/books/final --schema contact.schema.json "Ann Lee, 34, lives in Cork."',
    )
    .action(async (given: string | undefined, flags: Flags) => {
      useThreads(flags.threads);
      if ((given === undefined) === (flags.data === undefined))
        throw new InputError('give a text, or --data FILE with texts');
      const schema = readJson(flags.schema);
      const { texts, lines } =
        given === undefined ? readTexts(flags.data!, { ...flags, label: '' }, null) : { texts: [given], lines: [1] };
      const lm = loadLanguageModel(flags.model, { adapters: flags.adapter });
      const template = ChatTemplate.load(modelFolders(flags.model, flags.adapter).tokenizer);
      const progress = createProgress({ json: true });
      const found = await extract({ ...lm, template }, texts, schema, {
        ...flags,
        onProgress: (done, total) => progress.update({ title: 'extracting', done, total, unit: 'texts' }),
      })
        .catch((error: unknown) => {
          throw error instanceof InputError
            ? new InputError(`${flags.schema}: ${error.message}`, { cause: error })
            : error;
        })
        .finally(() => progress.done());
      if (flags.json) console.log(JSON.stringify(found.map((each, i) => ({ line: lines[i], ...each }))));
      else for (const { value } of found) console.log(JSON.stringify(value));
      const cut = found.filter((each) => each.cut).length;
      if (cut > 0) console.error(`${cut} of ${texts.length} texts were too long: only their beginnings were read`);
    });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}
