/** `telar label` */
import { Command, Option } from 'commander';
import picocolors from 'picocolors';
import { type Judgement, type Labelled, readLabelled, readTexts } from '../classify/index.js';
import { type LanguageModel, loadLanguageModel, modelFolders } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import { createProgress, type Progress } from '../io/progress.js';
import { type Adapter, checkAdapterFolder, checkReplaceable, loraTargets, newAdapter } from '../model/index.js';
import { ChatTemplate } from '../tokenizer/index.js';
import {
  calibrations,
  checkPooling,
  defaultLabelPrompt,
  judgeProbabilities,
  labelMethods,
  labelTexts,
  type LabelTextsOptions,
  lengthNorms,
  loadHead,
  saveHead,
  type ScoreHead,
  trainHead,
  type TrainedHead,
} from '../understand/index.js';
import { excerpt } from './embed.js';
import { adapterFlag, positiveNumber, threadsFlag, useThreads, wholeNumber } from './flags.js';
import { showJudgement } from './show-evaluation.js';

interface Flags extends Required<Pick<LabelTextsOptions, 'by' | 'calibrate' | 'normalize' | 'shots' | 'seed'>> {
  model: string;
  adapter: readonly string[];
  labels?: string[];
  data?: string;
  text: string;
  label: string;
  prompt: string;
  train?: string;
  out?: string;
  pooling: string;
  balance?: boolean;
  lora?: number;
  epochs: number;
  learningRate: number;
  threads?: number;
  json?: boolean;
}

export function labelCommand(): Command {
  return new Command('label')
    .description(
      'classify texts with a language model: by the likelihood of labels, by a trained head, or by generation',
    )
    .requiredOption('--model <dir>', "model directory, an adapter's, or one that was trained with --by head")
    .option(...adapterFlag)
    .option('--labels <list>', 'labels with commas between: ham,spam (default: those of the head or of --train)', names)
    .option(
      '--data <file>',
      'texts to label: .txt (one a line), .csv, .tsv or .jsonl; where they have labels, it is told how well it went',
    )
    .option('--text <field>', 'column or field of the text', 'text')
    .option('--label <field>', 'column or field of the label', 'label')
    .addOption(new Option('--by <method>', 'how').choices(labelMethods).default('likelihood'))
    .option('--train <file>', 'labelled texts: to train a head on, or to take examples for the prompt from')
    .option('--prompt <form>', 'likelihood: what a label follows, with {text} (\\n is a new line)', defaultLabelPrompt)
    .option('--shots <n>', 'likelihood: examples in the prompt', wholeNumber(0, 1000), 0)
    .addOption(new Option('--calibrate <how>', 'likelihood: what is divided out').choices(calibrations).default('none'))
    .addOption(new Option('--normalize <by>', 'likelihood: length of a label').choices(lengthNorms).default('sum'))
    .option('--out <dir>', 'head: folder for the trained model, or the adapter with --lora')
    .option('--pooling <how>', 'head: mean over the tokens, or the last token', 'mean')
    .option('--balance', 'head: let every label count alike')
    .option('--lora <rank>', 'head: train a LoRA adapter along', wholeNumber(1, 65_536))
    .option('--epochs <n>', 'head: most passes over the texts with --lora', positiveNumber, 5)
    .option('--learning-rate <x>', 'head: with --lora', positiveNumber, 1e-3)
    .option('--seed <n>', 'seed of the random choices', wholeNumber(0, 1e9), 0)
    .option(...threadsFlag)
    .option('--json', 'print one JSON document: {labels, texts: [{line, label, probabilities}], quality, training}')
    .addHelpText(
      'after',
      '\nExamples:\n  telar label --model runs/books/final --labels ham,spam --data mails.jsonl --calibrate prior\n' +
        '  telar label --model runs/books/final --by head --train mails.csv --out runs/spam-head\n' +
        '  telar label --model runs/spam-head --by head --data more.csv',
    )
    .action(async (flags: Flags) => {
      useThreads(flags.threads);
      const { by, train, data } = flags;
      const training = by === 'head' && train !== undefined;
      if (data === undefined && !training) throw new InputError('give --data FILE with the texts to label');
      if (training !== (flags.out !== undefined))
        throw new InputError('--out goes with --by head --train FILE: it is where the trained head is kept');
      if (flags.shots > 0 && (train === undefined || by !== 'likelihood'))
        throw new InputError('--shots goes with --by likelihood and --train FILE: that is where examples come from');
      const examples = train === undefined ? null : readExamples(train, flags);
      const progress = createProgress({ json: true });
      try {
        const { lm, head, trained } = training
          ? await trainAndSave(flags, examples!, progress)
          : { trained: null, ...load(flags) };
        const labels = labelsOf(flags, head, examples);
        if (!flags.json && trained) showTraining(flags.out!, trained.report);
        const rows = data === undefined ? null : readTexts(data, flags, labels);
        const found =
          rows &&
          (await labelTexts({ ...lm, template: templateOf(flags) }, rows.texts, labels, {
            ...flags,
            head,
            examples,
            form: flags.prompt.replaceAll('\\n', '\n'),
            onProgress: (done, total) => progress.update({ title: 'labelling', done, total, unit: 'texts' }),
          }));
        progress.done();
        const known = rows && rows.labels.every((label) => label >= 0);
        const quality =
          known &&
          judgeProbabilities(
            { names: [...labels], texts: rows.texts, labels: Uint8Array.from(rows.labels) },
            found!.probabilities,
          );
        if (flags.json) {
          const texts = found?.probabilities.map((row, i) => ({
            line: rows!.lines[i],
            label: labels[found.chosen[i]!],
            probabilities: Object.fromEntries(labels.map((label, k) => [label, row[k]])),
          }));
          console.log(JSON.stringify({ labels, texts, quality: quality || undefined, training: trained?.report }));
        } else if (quality) showQuality(quality, by, rows.texts.length, data!);
        else if (found)
          for (const [i, row] of found.probabilities.entries())
            console.log(
              `${String(rows!.lines[i]).padStart(5)} ${picocolors.cyan(labels[found.chosen[i]!]!)} ${row[found.chosen[i]!]!.toFixed(3)} ${picocolors.dim(excerpt(rows!.texts[i]!, 60))}`,
            );
        if (found && found.cut > 0) console.error(`${found.cut} texts were too long: only their beginnings were read`);
      } finally {
        progress.done();
      }
    });
}

function load(flags: Flags): { lm: LanguageModel; head: ScoreHead | null } {
  if (flags.by === 'head') return loadHead(flags.model);
  return { lm: loadLanguageModel(flags.model, { adapters: flags.adapter }), head: null };
}

async function trainAndSave(
  flags: Flags,
  data: Labelled,
  progress: Progress,
): Promise<{ lm: LanguageModel; head: ScoreHead; trained: TrainedHead }> {
  const out = flags.out!;
  (flags.lora === undefined ? checkReplaceable : checkAdapterFolder)(out);
  const pooling = checkPooling(flags.pooling);
  const lm = loadLanguageModel(flags.model, { adapters: flags.adapter });
  let adapter: Adapter | undefined;
  if (flags.lora !== undefined) {
    const { lora: rank, seed } = flags;
    const targets = loraTargets(lm.model.config);
    const config = {
      kind: 'lora',
      rank,
      alpha: 2 * rank,
      rslora: false,
      dora: false,
      targets,
      modulesToSave: [],
    } as const;
    adapter = newAdapter(lm.model, config, { name: out, seed });
    lm.model.attach(adapter);
  }
  const trained = await trainHead(lm, data, {
    pooling,
    seed: flags.seed,
    epochs: flags.epochs,
    learningRate: flags.learningRate,
    classWeights: flags.balance ? 'balanced' : 'none',
    ...(adapter && { along: adapter.parameters }),
    onFeatures: (done, total) => progress.update({ title: 'features', done, total, unit: 'texts' }),
    onStep: ({ step, loss }, steps) =>
      progress.update({
        title: 'training',
        done: step,
        total: steps,
        unit: 'steps',
        facts: [{ label: 'loss', value: loss.toFixed(3) }],
      }),
  });
  saveHead(out, lm, trained.head, { adapter, baseModel: flags.model });
  progress.done();
  return { lm, head: trained.head, trained };
}

function readExamples(path: string, { text, label, labels }: Flags): Labelled {
  return readLabelled(path, { text, label, ...(labels && { names: new Map(labels.map((name) => [name, name])) }) });
}

function labelsOf({ labels }: Flags, head: ScoreHead | null, examples: Labelled | null): readonly string[] {
  if (head && labels && String(labels) !== String(head.labels))
    throw new InputError(
      `the head has the labels ${head.labels.join(',')}, not ${labels.join(',')}; leave --labels out`,
    );
  const found = head?.labels ?? labels ?? examples?.names;
  if (!found) throw new InputError('give --labels: what the texts may be');
  return found;
}

function templateOf({ by, model, adapter }: Flags): ChatTemplate | null {
  return by === 'generation' ? ChatTemplate.load(modelFolders(model, adapter).tokenizer) : null;
}

function showTraining(out: string, report: TrainedHead['report']): void {
  const { trainingTexts, validationTexts, validation, validationLoss, l2, scale, bestStep, trainedParameters } = report;
  showJudgement(validation, `${validationTexts} validation texts, which also chose penalty, step and temperature`, [
    `trained on ${trainingTexts} texts: ${trainedParameters} parameters, penalty ${l2}, ${bestStep > 0 ? `best at step ${bestStep}, ` : ''}logits scaled by ${scale.toFixed(2)}`,
    `validation loss ${validationLoss.frozen.toFixed(4)} with a frozen model${bestStep > 0 ? `, ${validationLoss.best.toFixed(4)} with the adapter` : ''}`,
  ]);
  console.log(`\n${out}: saved`);
}

function showQuality(quality: Judgement, by: string, texts: number, data: string): void {
  showJudgement(quality, `${data}: ${texts} texts labelled by ${by}`);
}

function names(list: string): string[] {
  return list.split(',').map((name) => name.trim());
}
