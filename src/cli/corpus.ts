/** `telar corpus`, `telar corpus inspect` */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Command } from 'commander';
import picocolors from 'picocolors';
import { openCorpus } from '../corpus/index.js';
import {
  buildCorpus,
  ByteModel,
  type CorpusReport,
  excerpt,
  inspectCorpus,
  readCorpusConfig,
} from '../corpus/pipeline/index.js';
import { InputError } from '../io/errors.js';
import { createProgress } from '../io/progress.js';
import { formatBytes, formatCount, formatDuration, formatPercent } from '../io/progress-format.js';
import { wholeNumber } from './flags.js';
import { interruptible } from './interrupt.js';

interface Flags {
  out?: string;
  resume?: boolean;
  strict?: boolean;
  threads?: number;
  json?: boolean;
}

interface InspectFlags {
  samples: number;
  seed: number;
  verify?: boolean;
  json?: boolean;
}

export function corpusCommand(): Command {
  return new Command('corpus')
    .description('clean, deduplicate, mix and tokenize text, as a corpus.yaml says')
    .argument('[config]', 'corpus.yaml: the sources, and what is done to them')
    .option('--out <dir>', 'folder for the corpus; telar pretrain takes it as it is')
    .option('--resume', 'go on with the corpus in --out')
    .option('--strict', 'end at the first piece of input that cannot be read, instead of skipping it')
    .option('--threads <n>', 'threads (default: one a processor)', wholeNumber(1, 256))
    .option('--json', 'print one JSON document at the end; progress goes to stderr')
    .addHelpText(
      'after',
      `
A corpus.yaml needs no more than its sources:

  sources:
    - name: books
      paths: books/
    - name: web
      paths: [crawl/*.warc.gz, pages.jsonl.zst]
      licence: CC BY 4.0
      weight: 0.5

Examples:
  telar corpus corpus.yaml --out corpora/books
  telar corpus corpus.yaml --out corpora/books --resume
  telar corpus inspect corpora/books
  telar corpus perplexity good-texts/ --out prose.bytes
  telar pretrain corpora/books --out runs/books`,
    )
    .addCommand(inspectCommand())
    .addCommand(perplexityCommand())
    .action(runCorpus);
}

async function runCorpus(path: string | undefined, flags: Flags): Promise<void> {
  if (path === undefined) throw new InputError('name a corpus.yaml: telar corpus corpus.yaml --out corpora/books');
  if (flags.out === undefined) throw new InputError('say where the corpus is to be made: --out DIR');
  const config = readCorpusConfig(path);
  if (flags.strict) config.strict = true;
  const progress = createProgress({ json: flags.json ?? false });
  const interrupt = interruptible();
  let report: CorpusReport;
  try {
    report = await buildCorpus({
      config,
      out: flags.out,
      resume: flags.resume ?? false,
      threads: flags.threads ?? availableParallelism(),
      command: ['telar', ...process.argv.slice(2)].join(' '),
      onPhase: (title, done, total, unit) => progress.update({ title, done, ...(total > 0 && { total }), unit }),
      onNote: (message) => progress.note(message),
      signal: interrupt.signal,
    });
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    progress.done();
    console.error(
      `Stopped; what was finished is kept. Go on with: npx telar corpus ${path} --out ${flags.out} --resume`,
    );
    process.exitCode = 130;
    return;
  } finally {
    progress.done();
    interrupt.release();
  }
  if (flags.json) console.log(JSON.stringify({ out: flags.out, ...summary(report) }));
  else printReport(flags.out, report);
}

/** The figures of a corpus in short. */
function summary(report: CorpusReport) {
  const { read, train, heldOut, tokenizer, problems, seconds, machine } = report;
  return { read, train, heldOut, tokenizer, problems: problems.count, seconds, peakMemory: machine.peakMemory };
}

function printReport(out: string, report: CorpusReport): void {
  const { bold, dim } = picocolors;
  const { read, train, heldOut, tokenizer } = report;
  const row = (name: string, documents: number, bytes: number, more = ''): void =>
    console.log(
      `  ${name.slice(0, 34).padEnd(34)} ${formatCount(documents).padStart(9)} ${formatBytes(bytes).padStart(10)}  ${dim(more)}`,
    );
  console.log(bold(`\n${report.name}`));
  row('read', read.documents, read.bytes, `from ${formatBytes(report.inputBytes)} of files`);
  for (const { rule, documents, bytes, touched } of report.removals) {
    if (documents === 0 && bytes === 0) continue;
    const share = read.bytes > 0 ? `${formatPercent(Math.abs(bytes) / read.bytes)} of the text` : '';
    row(
      `${bytes < 0 || (bytes === 0 && documents < 0) ? '+' : '−'} ${rule}`,
      Math.abs(documents),
      Math.abs(bytes),
      touched ? `in ${formatCount(touched)} documents` : share,
    );
  }
  row('to train on', train.documents, train.bytes, `${formatCount(train.tokens)} tokens`);
  row('held out', heldOut.documents, heldOut.bytes, `${formatCount(heldOut.tokens)} tokens`);
  const figures = `${tokenizer.vocabSize} tokens in the vocabulary, ${tokenizer.bytesPerToken.toFixed(2)} bytes a token`;
  console.log(`  ${dim(`${figures}; ${formatDuration(report.seconds)} in all`)}`);
  if (report.problems.count > 0) {
    console.log(`\n${report.problems.count} pieces of input could not be read:`);
    for (const { source, reason } of report.problems.first.slice(0, 5)) console.log(`  ${source}: ${reason}`);
  }
  console.log(`\nReport:    ${resolve(out, 'report.html')}`);
  console.log(`Datasheet: ${resolve(out, 'datasheet.md')}`);
  console.log(`Go on:     npx telar pretrain ${out} --out runs/${report.name.replaceAll(/[^\w.-]+/g, '-')}`);
}

function inspectCommand(): Command {
  return new Command('inspect')
    .description('show what a finished corpus is made of, with documents to read')
    .argument('<dir>', 'folder that telar corpus made')
    .option('--samples <n>', 'training documents to show', wholeNumber(0, 1000), 3)
    .option('--seed <n>', 'seed of their choice', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .option('--verify', 'compare every shard with its checksum')
    .option('--json', 'print one JSON document: the whole report, and the documents')
    .addHelpText('after', '\nExample:\n  telar corpus inspect corpora/books --samples 5')
    .action((dir: string, _own: unknown, command: Command) => {
      // `--json` is a flag of the command above too, which then takes it.
      const { samples, seed, verify, json } = command.optsWithGlobals<InspectFlags>();
      const found = inspectCorpus(dir, { samples, seed, verify: verify ?? false });
      if (json) return console.log(JSON.stringify(found));
      printReport(dir, found.report);
      for (const { document, tokens, text } of found.samples) {
        console.log(picocolors.bold(`\nDocument ${document}, ${tokens} tokens`));
        console.log(excerpt(text, 1500));
      }
      if (verify) console.log('\nEvery shard is what was written.');
    });
}

function perplexityCommand(): Command {
  return new Command('perplexity')
    .description('learn from good texts what `quality: { model: FILE, maxPerplexity: N }` compares others with')
    .argument('<paths...>', 'files or folders of text')
    .option('--out <file>', 'file for the model: counts of 5 bytes in a row')
    .addHelpText('after', '\nExample:\n  telar corpus perplexity good-texts/ --out prose.bytes')
    .action(async (paths: string[], _own: unknown, command: Command) => {
      const { out } = command.optsWithGlobals<{ out?: string }>();
      if (out === undefined) throw new InputError('say where the model is to be written: --out FILE');
      const progress = createProgress();
      try {
        const corpus = await openCorpus(paths, { onWarning: (message) => progress.note(message) });
        let done = 0;
        const texts = async function* (): AsyncGenerator<string> {
          for await (const { text } of corpus.read('train')) {
            yield Buffer.from(text).toString();
            done += text.length;
            progress.update({ title: 'counting bytes', done, total: corpus.textBytes, unit: 'bytes' });
          }
        };
        const model = await ByteModel.train(texts());
        model.save(out);
        progress.done();
        const perplexities: number[] = [];
        for await (const { text } of corpus.read('heldOut'))
          perplexities.push(model.perplexity(Buffer.from(text).toString()));
        const worst = perplexities.sort((a, b) => a - b).at(-1)!;
        console.log(`${out}: texts like these, held out, have a perplexity of up to ${worst.toFixed(2)} a byte`);
      } finally {
        progress.done();
      }
    });
}
