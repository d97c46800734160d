/** Examples as they will be learned, for people to look at before a run. */
import type { Tokenizer } from '../../tokenizer/index.js';
import { InputError } from '../../io/errors.js';
import type { Example, ReadExamples } from './examples.js';
import { summarizeProblems } from './problem.js';

/** A stretch of an example. */
export interface PreviewPart {
  text: string;
  tokens: number;
  learned: boolean;
}

export interface Preview {
  /** Number of the example, from 1, and its place in the data. */
  example: number;
  where: string;
  parts: PreviewPart[];
  tokens: number;
  learned: number;
  /** Of all the data. */
  data: {
    examples: number;
    tokens: number;
    learned: number;
    longest: number;
    truncated: number;
    bad: number;
    /** A line for each kind of problem. */
    problems: string[];
  };
}

/** @throws InputError where there is no such example */
export function previewExample(read: ReadExamples, number: number, tokenizer: Tokenizer): Preview {
  const { examples, problems, truncated } = read;
  const example = examples[number - 1];
  if (!example) throw new InputError(`there is no example ${number}: the data has ${examples.length}`);
  const lengths = examples.map(({ tokens }) => tokens.length);
  return {
    example: number,
    where: example.where,
    parts: partsOf(example, tokenizer),
    tokens: example.tokens.length,
    learned: countLearned(example),
    data: {
      examples: examples.length,
      tokens: lengths.reduce((sum, length) => sum + length, 0),
      learned: examples.reduce((sum, each) => sum + countLearned(each), 0),
      longest: lengths.reduce((most, length) => Math.max(most, length), 0),
      truncated,
      bad: problems.length,
      problems: summarizeProblems(problems),
    },
  };
}

/** Stretches of tokens that are learned and that are not, in turn. A character cut by a token's end reads U+FFFD. */
function partsOf({ tokens, learned }: Example, tokenizer: Tokenizer): PreviewPart[] {
  const parts: PreviewPart[] = [];
  for (let from = 0; from < tokens.length;) {
    let to = from + 1;
    while (to < tokens.length && learned[to] === learned[from]) to++;
    const text = tokenizer.decode(tokens.subarray(from, to), tokens[from - 1] ?? null);
    parts.push({ text, tokens: to - from, learned: learned[from] === 1 });
    from = to;
  }
  return parts;
}

const countLearned = ({ learned }: Example): number => learned.reduce((sum, mark) => sum + mark, 0);

/**
 * A preview as text. Learned parts are painted by `paint`, or stand between brackets where there is none. Characters that
 * would control the terminal are shown as pictures.
 */
export function showPreview(preview: Preview, paint: ((text: string) => string) | null): string {
  const mark = paint ?? ((text: string) => `⟦${text}⟧`);
  // Line by line, since terminals paint the rest of a line where the colour goes over its end.
  const painted = (text: string): string =>
    paint
      ? text
          .split('\n')
          .map((line) => (line === '' ? '' : paint(line)))
          .join('\n')
      : mark(text);
  const text = preview.parts.map((part) => (part.learned ? painted(visible(part.text)) : visible(part.text))).join('');
  const { data } = preview;
  const lines = [
    `Example ${preview.example} of ${data.examples} (${preview.where})`,
    '',
    text.trimEnd(),
    '',
    `${mark('learned')}, the rest is only read. ${preview.learned} of ${preview.tokens} tokens are learned.`,
    `All data: ${data.examples} example${data.examples === 1 ? '' : 's'}, ${data.tokens} tokens, ${data.learned} learned; the longest has ${data.longest}.`,
  ];
  if (data.truncated > 0) lines.push(`${data.truncated} lost the beginning of the prompt to fit the context.`);
  if (data.bad > 0)
    lines.push(
      `${data.bad} bad example${data.bad === 1 ? ' is' : 's are'} left out:`,
      ...data.problems.map((line) => `  ${line}`),
    );
  return lines.join('\n');
}

/** C0 controls and DEL as their pictures (U+2400 on), save tabs and line ends; C1 controls as U+FFFD. */
function visible(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, (control) => {
    const code = control.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd';
  });
}
