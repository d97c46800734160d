/**
 * Language identification: the package eld (byte n-grams, 60 languages) on pieces of a text, and the script where a script
 * is written by one language only. Figures beside other packages: `bench/classify-languages.mjs`.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

type Eld = (typeof import('eld/extrasmall'))['eld'];

const require = createRequire(import.meta.url);
let loaded: Eld | undefined;

/** The package with its tables (some 55 MiB), loaded when first asked for. */
function eld(): Eld {
  return (loaded ??= (require(fileURLToPath(import.meta.resolve('eld/extrasmall'))) as { eld: Eld }).eld);
}

/** Language of a text. */
export interface IdentifiedLanguage {
  /** ISO 639-1, or 639-3 where there is none; "und" when it cannot be told. */
  language: string;
  /** 0 to 1: how far the language is ahead of the next one; 0 for "und". No probability. */
  confidence: number;
}

/** UTF-16 code units of a piece; eld reads some 350 bytes. */
const PIECE = 360;

/** Scripts of languages that eld does not know. */
const scripts: readonly (readonly [RegExp, string])[] = [
  [/\p{Script=Myanmar}/gu, 'my'],
  [/\p{Script=Khmer}/gu, 'km'],
  [/\p{Script=Sinhala}/gu, 'si'],
  [/\p{Script=Tibetan}/gu, 'bo'],
  [/\p{Script=Thaana}/gu, 'dv'],
  [/\p{Script=Cherokee}/gu, 'chr'],
];

/**
 * Tells a text's language from its beginning, middle and end; the time does not depend on its length. A language that
 * is not known comes out as "und" or as a relative of it (Indonesian as Malay, Nepali as Hindi).
 */
export function identifyLanguage(text: string): IdentifiedLanguage {
  const totals = new Map<string, number>();
  const pieces = samplePieces(text).map((piece) => piece.normalize('NFC')); // as eld was trained
  let reliable = 0;
  for (const piece of pieces) {
    const result = eld().detect(piece);
    if (result.isReliable()) reliable++;
    for (const [language, score] of Object.entries(result.getScores()))
      totals.set(language, (totals.get(language) ?? 0) + score / (1 - score));
  }
  let [language, first, second] = ['und', 0, 0];
  for (const [name, total] of totals) {
    if (total > first) [language, first, second] = [name, total, first];
    else if (total > second) second = total;
  }
  const script = ownScript(pieces.join(' '));
  if (script) return script;
  if (first === 0 || 2 * reliable <= pieces.length) return { language: 'und', confidence: 0 };
  return { language, confidence: 1 - second / first };
}

/** The whole of a short text; else three pieces that begin with a word where there are words. */
function samplePieces(text: string): string[] {
  if (text.length <= 2 * PIECE) return [text];
  return [0, (text.length - PIECE) >> 1, text.length - PIECE].map((at) => {
    const piece = text.slice(at, at + PIECE);
    const space = at === 0 ? -1 : piece.search(/\s/);
    return space >= 0 && space < PIECE / 2 ? piece.slice(space + 1) : piece;
  });
}

/** A language that more than half of the letters speak for by their script alone. */
function ownScript(sample: string): IdentifiedLanguage | null {
  if (!/[\u0780-\u07bf\u0d80-\u0dff\u0f00-\u109f\u13a0-\u13ff\u1780-\u17ff]/.test(sample)) return null;
  const letters = sample.match(/[\p{L}\p{M}]/gu)?.length ?? 0;
  for (const [script, language] of scripts) {
    const share = (sample.match(script)?.length ?? 0) / Math.max(1, letters);
    if (share > 0.5) return { language, confidence: Math.min(1, share) };
  }
  return null;
}
