/** Rules of C4 (Raffel et al. 2020, section 2.2), with the defaults that FineWeb took over from datatrove. */
import * as z from 'zod';
import { joinLines } from './boilerplate.js';
import { count, type Facts, type Step } from './step.js';

export const c4Options = z.strictObject({
  /** Lines must end in a terminal punctuation mark. FineWeb left this rule off, for it drops too much. */
  terminalPunctuation: z.boolean().default(false),
  /** Fewest sentences of a text; 0 switches the rule off. */
  minSentences: z.int().min(0).default(5),
  /** Fewest words of a line (a letter counts as one in scripts without spaces); 0 switches the rule off. */
  minLineWords: z.int().min(0).default(3),
  /** Lines with a longer word go (characters). */
  maxWordLength: z.int().min(1).default(1000),
  /** Takes out [1], [edit] and [citation needed]. */
  citations: z.boolean().default(true),
  /** Drops texts with the words. */
  loremIpsum: z.boolean().default(true),
  /** Drops texts with { : switch it off where code is wanted. */
  curlyBracket: z.boolean().default(true),
  /** Takes out lines that speak of Javascript. */
  javascript: z.boolean().default(true),
  /** Takes out lines that speak of cookies, terms of use or privacy policies. */
  policy: z.boolean().default(true),
  /** The last two rules leave longer lines alone: they are paragraphs of text, or whole texts (characters). Our own addition. */
  longestLine: z.int().min(1).default(1000),
});

const citation = /\[(?:\d*|edit|citation needed)\]/g;
const policies = /terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies/i;
const terminal = /[\p{Sentence_Terminal}"'”’]\s*$/u;
const wide = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/** Takes lines out, then drops what is left if it is too little. Blank lines stay, so that paragraphs do. */
export function c4(options: z.infer<typeof c4Options>): Step {
  return (text, facts) => {
    if (options.curlyBracket && text.includes('{')) return { drop: 'c4.curlyBracket' };
    if (options.loremIpsum && /lorem ipsum/i.test(text)) return { drop: 'c4.loremIpsum' };
    const javascript = options.javascript && /javascript/i.test(text);
    const policy = options.policy && policies.test(text);
    const citations = options.citations && text.includes('[');

    const removed = (line: string): string | null => {
      const { words, longest } = measure(line, options.minLineWords);
      if (words === 0) return null;
      if (longest > options.maxWordLength) return 'longWord';
      if (options.terminalPunctuation && (!terminal.test(line) || /(?:\.\.\.|…)\s*$/.test(line))) return 'punctuation';
      if (words < options.minLineWords) return 'fewWords';
      if (line.length > options.longestLine) return null;
      if (javascript && /javascript/i.test(line)) return 'javascript';
      if (policy && policies.test(line)) return 'policy';
      return null;
    };

    const lines = text.split('\n');
    const kept: string[] = [];
    let sentences = 0;
    for (const whole of lines) {
      const line = citations ? withoutCitations(whole, facts) : whole;
      const rule = removed(line);
      if (rule !== null) {
        count(facts, `c4.${rule}`);
        continue;
      }
      kept.push(line);
      if (sentences < options.minSentences) sentences += sentencesIn(line, options.minSentences - sentences);
    }
    if (sentences < options.minSentences)
      return { drop: 'c4.sentences', detail: `${sentences} sentences < ${options.minSentences}` };
    if (kept.length < lines.length) return joinLines(kept);
    return citations ? kept.join('\n') : text;
  };
}

function withoutCitations(line: string, facts: Facts): string {
  return line.replace(citation, () => {
    count(facts, 'c4.citations');
    return '';
  });
}

/** Words between spaces and the longest of them; where `few` is not reached, letters of scripts without spaces count too. */
function measure(line: string, few: number): { words: number; longest: number } {
  let [words, longest, size] = [0, 0, 0];
  for (let i = 0; i < line.length; i++) {
    const unit = line.charCodeAt(i);
    if (unit === 32 || (unit >= 9 && unit <= 13) || unit === 0xa0 || unit === 0x3000) {
      size = 0;
      continue;
    }
    if (size++ === 0) words++;
    if (size > longest) longest = size;
  }
  if (words > 0 && words < few && wide.test(line)) for (const char of line) if (wide.test(char)) words++;
  return { words, longest };
}

/** Sentences by their ends, up to `enough`; what has no end is one too. In Thai and Lao a space is the end. */
function sentencesIn(line: string, enough: number): number {
  if (line.trim() === '') return 0;
  if (/[\p{sc=Thai}\p{sc=Lao}]/u.test(line)) return line.trim().split(/\s+/, enough).length;
  const end = /[.!?][.!?"'”’)\]]*(?=\s|$)|[\p{Sentence_Terminal}](?<![.!?])/gu;
  let [n, last] = [0, 0];
  while (n < enough && end.test(line)) {
    n++;
    last = end.lastIndex;
  }
  return n < enough && line.slice(last).trim() !== '' ? n + 1 : n;
}
