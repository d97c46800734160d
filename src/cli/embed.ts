/** `telar embed` */
import { Command } from 'commander';
import picocolors from 'picocolors';
import { readTexts } from '../classify/index.js';
import { loadLanguageModel } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import { writeAtomic } from '../io/files.js';
import { createProgress } from '../io/progress.js';
import { centred, checkPooling, embedTexts, meanOf, nearestEmbeddings } from '../understand/index.js';
import { adapterFlag, threadsFlag, useThreads, wholeNumber } from './flags.js';

interface Flags {
  model: string;
  adapter: readonly string[];
  data?: string;
  text: string;
  pooling: string;
  center?: boolean;
  nearest?: string;
  count: number;
  out?: string;
  threads?: number;
  json?: boolean;
}

export function embedCommand(): Command {
  return new Command('embed')
    .description('embeddings of texts, and the texts nearest to a query')
    .argument('[texts...]', 'texts to embed')
    .requiredOption('--model <dir>', "model directory, or an adapter's that names its base")
    .option(...adapterFlag)
    .option('--data <file>', 'texts from a .txt (one a line), .csv, .tsv or .jsonl file')
    .option('--text <field>', 'column or field of the text', 'text')
    .option('--pooling <how>', 'mean over the tokens, or the last token', 'mean')
    .option('--nearest <query>', 'show the texts nearest to this one')
    .option('--count <n>', 'how many of them', wholeNumber(1, 1e6), 10)
    .option('--center', 'take the mean of all texts from each embedding (default with --nearest)')
    .option('--no-center', 'do not')
    .option('--out <file>', 'write {line, text, embedding} as JSON lines')
    .option(...threadsFlag)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  telar embed --model runs/books/final "a ship" "a boat" "the law"\n' +
        '  telar embed --model runs/books/final --data paragraphs.txt --nearest "ships at sea"',
    )
    .action(async (given: string[], flags: Flags) => {
      useThreads(flags.threads);
      const pooling = checkPooling(flags.pooling);
      if (given.length > 0 === (flags.data !== undefined))
        throw new InputError('give texts, or --data FILE with texts');
      const { texts, lines } =
        flags.data === undefined ? asRows(given) : readTexts(flags.data, { ...flags, label: '' }, null);
      const lm = loadLanguageModel(flags.model, { adapters: flags.adapter });
      const progress = createProgress({ json: true });
      const raw = await embedTexts(lm, texts, {
        pooling,
        onProgress: (done, total) => progress.update({ title: 'embedding', done, total, unit: 'texts' }),
      }).finally(() => progress.done());
      const center = flags.center ?? (flags.nearest !== undefined && texts.length > 2);
      const embeddings = center ? centred(raw) : raw;
      if (flags.out !== undefined)
        writeAtomic(
          flags.out,
          embeddings
            .map((vector, i) => `${JSON.stringify({ line: lines[i], text: texts[i], embedding: [...vector] })}\n`)
            .join(''),
        );
      if (flags.nearest !== undefined) {
        const own = await embedTexts(lm, [flags.nearest], { pooling });
        const [query] = center ? centred(own, meanOf(raw)) : own;
        const found = nearestEmbeddings(query!, embeddings, flags.count).map(({ index, cosine }) => ({
          line: lines[index]!,
          cosine,
          text: texts[index]!,
        }));
        if (flags.json)
          console.log(JSON.stringify({ query: flags.nearest, pooling, centered: center, nearest: found }));
        else for (const { line, cosine, text } of found) console.log(`${figure(cosine)} ${dim(line)} ${excerpt(text)}`);
      } else if (flags.json)
        console.log(JSON.stringify({ pooling, centered: center, embeddings: embeddings.map((vector) => [...vector]) }));
      else if (flags.out !== undefined)
        console.log(`${flags.out}: ${texts.length} embeddings of ${embeddings[0]!.length} numbers`);
      else
        for (const [i, vector] of embeddings.entries())
          console.log(
            `${dim(lines[i]!)} ${excerpt(texts[i]!)}\n  ${[...vector.subarray(0, 6)].map(figure).join(' ')} … (${vector.length} numbers)`,
          );
    });
}

function asRows(texts: string[]): { texts: string[]; lines: number[] } {
  return { texts, lines: texts.map((_, i) => i + 1) };
}

const figure = (value: number): string => value.toFixed(3).padStart(6);
const dim = (line: number): string => picocolors.dim(String(line).padStart(5));

/** The beginning of a text on one line. */
export function excerpt(text: string, most = 80): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
