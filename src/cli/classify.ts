/** `telar classify train|predict|evaluate` */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError } from 'commander';
import {
  crossValidate,
  type Evaluation,
  type Labelled,
  loadClassifier,
  modelCard,
  readLabelled,
  saveClassifier,
  toxicityClassifier,
  trainClassifier,
  type TrainOptions,
} from '../classify/index.js';
import { describeError, InputError, RunError } from '../io/errors.js';
import { sha256File } from '../io/files.js';
import { createProgress, type Progress } from '../io/progress.js';
import { anyNumber, wholeNumber } from './flags.js';
import { showEvaluation } from './show-evaluation.js';

interface DataFlags {
  text: string;
  label: string;
  labels?: Map<string, string>;
  extra?: string;
  neutral?: string;
  folds: number;
  seed: number;
  l2: number;
  balance: number;
  buckets: number;
  json?: boolean;
}

export function classifyCommand(): Command {
  return new Command('classify')
    .description('train a small text classifier, use it, or measure how good one would be')
    .addCommand(trainCommand())
    .addCommand(predictCommand())
    .addCommand(evaluateCommand());
}

function withDataFlags(command: Command): Command {
  return command
    .argument('<data>', 'labelled texts: a .csv, .tsv or .jsonl file')
    .option('--text <column>', 'column or field of the text', 'text')
    .option('--label <column>', 'column or field of the label', 'label')
    .option(
      '--labels <list>',
      'labels in the file and names for them, in order: 0=hate,1=offensive,2=neither',
      labelNames,
    )
    .option('--extra <file>', 'more labelled texts to train on, never to test on')
    .option('--neutral <label>', 'label of texts without what is looked for; long texts are then scored in windows')
    .option('--seed <n>', 'seed of the parting into folds', wholeNumber(0, 1e9), 0)
    .option('--l2 <x>', 'penalty on squared weights', anyNumber, 1e-4)
    .option('--balance <x>', '0 weighs every text alike, 1 every label: 0, 0.25, 0.5, 0.75 or 1', anyNumber, 0.5)
    .option('--buckets <bits>', 'features are hashed into 2^bits buckets', wholeNumber(8, 22), 18)
    .option('--json', 'print one JSON document');
}

function trainCommand(): Command {
  return withDataFlags(new Command('train').description('train on labelled texts and write a folder with a model card'))
    .requiredOption('--out <dir>', 'folder for config.json, weights.int8 and README.md')
    .option('--folds <n>', 'cross-validation for the model card; 0 for none', wholeNumber(0, 100), 5)
    .addHelpText(
      'after',
      '\nExample:\n  telar classify train labeled_data.csv --text tweet --label class \\\n' +
        '    --labels 0=hate,1=offensive,2=neither --neutral neither --out classifiers/tweets',
    )
    .action((path: string, flags: DataFlags & { out: string }) => {
      const progress = createProgress({ json: flags.json ?? false });
      try {
        const { data, options } = readData(path, flags);
        const evaluation = flags.folds > 0 ? validate(data, options, flags.folds, progress) : null;
        const model = trainClassifier(data, { ...options, onPhase: (title) => progress.update({ title }) });
        const card = modelCard({
          data: basename(path),
          dataSha256: sha256File(path),
          counts: counts(data),
          madeBy: `telar ${process.argv.slice(2).join(' ')}`,
          evaluation,
        });
        const sha256 = saveClassifier(model, flags.out, card);
        progress.done();
        if (flags.json) console.log(JSON.stringify({ out: flags.out, texts: data.texts.length, sha256, evaluation }));
        else {
          if (evaluation) showEvaluation(evaluation);
          console.log(`\n${flags.out}: trained on ${data.texts.length} texts, weights sha256 ${sha256}`);
        }
      } finally {
        progress.done();
      }
    });
}

function evaluateCommand(): Command {
  return withDataFlags(new Command('evaluate').description('k-fold cross-validation on labelled texts'))
    .option('--folds <n>', 'folds', wholeNumber(2, 100), 5)
    .addHelpText('after', '\nExample:\n  telar classify evaluate reviews.jsonl --text body --label stars --folds 10')
    .action((path: string, flags: DataFlags) => {
      const progress = createProgress({ json: flags.json ?? false });
      try {
        const { data, options } = readData(path, flags);
        const evaluation = validate(data, options, flags.folds, progress);
        progress.done();
        if (flags.json) console.log(JSON.stringify(evaluation));
        else showEvaluation(evaluation);
      } finally {
        progress.done();
      }
    });
}

function predictCommand(): Command {
  return new Command('predict')
    .description('probabilities for every line of a file, as JSON lines')
    .argument('[file]', 'a text a line, or .jsonl; - or nothing for standard input')
    .option('--model <dir>', 'classifier folder (default: the toxicity classifier that comes with telar)')
    .option('--text <field>', 'field of the text, of lines that are JSON objects')
    .addHelpText(
      'after',
      '\nA line that cannot be scored gets an "error" in place of probabilities, and the command ends with 1.\n' +
        '\nExamples:\n  telar classify predict comments.txt\n' +
        '  telar classify predict --model classifiers/tweets --text body comments.jsonl',
    )
    .action(async (file: string | undefined, flags: { model?: string; text?: string }) => {
      const classifier = flags.model === undefined ? toxicityClassifier() : loadClassifier(flags.model);
      const field = flags.text ?? (file?.endsWith('.jsonl') ? 'text' : undefined);
      const name = file === undefined || file === '-' ? 'standard input' : file;
      let [number, failures] = [0, 0];
      for await (const line of linesOf(file, name)) {
        number++;
        if (line.trim() === '') continue;
        const text = field === undefined ? line : fieldOf(line, field, `${name}:${number}`);
        try {
          const scores = classifier.score(text);
          const probabilities = Object.fromEntries(
            classifier.labels.map((label, k) => [label, Number(scores[k]!.toFixed(6))]),
          );
          const label = classifier.labels[classifier.decide(scores)]!;
          console.log(JSON.stringify({ line: number, label, probabilities }));
        } catch (error) {
          if (!(error instanceof RunError)) throw error;
          failures++;
          console.log(JSON.stringify({ line: number, error: error.message }));
        }
      }
      if (failures > 0) throw new RunError(`${failures} of ${number} lines of ${name} could not be scored`);
    });
}

function readData(path: string, flags: DataFlags): { data: Labelled; options: TrainOptions } {
  const { text, label, labels: names, extra } = flags;
  const data = readLabelled(path, { text, label, ...(names && { names }) });
  const asNamed = new Map(data.names.map((name) => [name, name]));
  return {
    data,
    options: {
      features: { bucketBits: flags.buckets },
      l2: flags.l2,
      balance: flags.balance,
      seed: flags.seed,
      ...(flags.neutral !== undefined && { neutral: flags.neutral }),
      ...(extra !== undefined && { extra: readLabelled(extra, { text: 'text', label: 'label', names: asNamed }) }),
    },
  };
}

function validate(data: Labelled, options: TrainOptions, folds: number, progress: Progress): Evaluation {
  return crossValidate(data, {
    ...options,
    folds,
    onFold: (done, total) => progress.update({ title: 'cross-validation', done, total, unit: 'folds' }),
  });
}

function counts({ names, labels }: Labelled): { label: string; texts: number }[] {
  return names.map((label, k) => ({ label, texts: labels.reduce((sum, own) => sum + (own === k ? 1 : 0), 0) }));
}

function labelNames(list: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const part of list.split(',')) {
    const [label, name = label, ...rest] = part.split('=').map((side) => side.trim());
    if (!label || !name || rest.length > 0 || names.has(label))
      throw new InvalidArgumentError('It must be labels with commas between, each once: 0=hate,1=offensive,2=neither.');
    names.set(label, name);
  }
  return names;
}

async function* linesOf(file: string | undefined, name: string): AsyncGenerator<string> {
  const input = file === undefined || file === '-' ? process.stdin : createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Infinity });
  const failed = new Promise<never>((_, reject) => input.once('error', reject));
  failed.catch(() => {});
  const iterator = lines[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), failed]);
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    throw new InputError(`cannot read ${name}: ${describeError(error)}`, { cause: error });
  }
}

function fieldOf(line: string, field: string, where: string): string {
  let value: unknown;
  try {
    value = (JSON.parse(line) as Record<string, unknown> | null)?.[field];
  } catch (error) {
    throw new InputError(`${where}: not valid JSON (${describeError(error)})`, { cause: error });
  }
  if (typeof value !== 'string') throw new InputError(`${where}: no text in "${field}"`);
  return value;
}
