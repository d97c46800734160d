/** A BPE tokenizer as data: what a `tokenizer.json` says, reduced to the features that are supported. */
import { InputError } from '../io/errors.js';
import type { AddedToken } from './added.js';

/** A step that rewrites a text before it is cut. */
export type Normalizer =
  | { readonly type: 'NFC' | 'NFD' | 'NFKC' | 'NFKD' }
  /** Puts `prepend` before a text that is not empty. */
  | { readonly type: 'Prepend'; readonly prepend: string }
  /** Replaces every `pattern`, taken literally, by `content`. */
  | { readonly type: 'Replace'; readonly pattern: string; readonly content: string };

/** A step that cuts a text into pieces. */
export type PreTokenizer =
  /** GPT-2's: a space before the piece if asked, and its pattern. Always the last step; it makes the vocabulary one of bytes. */
  | { readonly type: 'ByteLevel'; readonly addPrefixSpace: boolean; readonly useRegex: boolean }
  /** `keepsRest` false: text that does not match is left out. `literal`: the pattern is plain text. */
  | { readonly type: 'Split'; readonly pattern: string; readonly literal: boolean; readonly keepsRest: boolean }
  | { readonly type: 'Digits'; readonly individual: boolean }
  /** SentencePiece's: `replacement` stands for a space, and before the text as `prepend` says. */
  | {
      readonly type: 'Metaspace';
      readonly replacement: string;
      readonly prepend: 'always' | 'first' | 'never';
      readonly split: boolean;
    };

/** A BPE tokenizer. */
export interface BpeSpec {
  /** Token by id, in the alphabet of bytes or, for SentencePiece, as text; undefined where only an added token or none has the id. */
  readonly vocabulary: readonly (string | undefined)[];
  /** [left id, right id] of each merge, in the order of rank. */
  readonly merges: Uint32Array;
  readonly added: readonly AddedToken[];
  readonly normalizers: readonly Normalizer[];
  readonly preTokenizers: readonly PreTokenizer[];
  /** How ids become text: bytes of the alphabet, or text in which `space` stands for a space. */
  readonly decoder:
    | { readonly type: 'ByteLevel' }
    | { readonly type: 'SentencePiece'; readonly space: string | null; readonly strip: boolean };
  /** Token for what has none, or null: it is left out. */
  readonly unknown: number | null;
  /** Whether neighbouring unknown characters become one token. */
  readonly fuseUnknown: boolean;
  /** Whether a character without a token becomes its bytes, the tokens `<0x00>` to `<0xFF>`. */
  readonly byteFallback: boolean;
  /** Whether a piece that is a token is that token, whatever the merges say. */
  readonly ignoreMerges: boolean;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly addsBos: boolean;
  readonly addsEos: boolean;
}

/** Most ids a tokenizer may have. */
export const maxVocabulary = 2 ** 23;

/** One more than the highest id. */
export function vocabularySize(spec: BpeSpec): number {
  return spec.added.reduce((size, { id }) => Math.max(size, id + 1), spec.vocabulary.length);
}

/** The token `<0xNN>` of a byte. */
export function byteTokenName(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** The id of each merge's product. @throws InputError when the vocabulary has no token for it. */
export function mergeResults(
  vocabulary: BpeSpec['vocabulary'],
  ids: ReadonlyMap<string, number>,
  merges: Uint32Array,
  where: string,
): Uint32Array {
  return Uint32Array.from({ length: merges.length / 2 }, (_, rank) => {
    const left = vocabulary[merges[2 * rank] ?? 0] ?? '';
    const right = vocabulary[merges[2 * rank + 1] ?? 0] ?? '';
    const id = ids.get(left + right);
    if (id === undefined)
      throw new InputError(`${where}: merge ${rank} makes "${left}${right}", which is not in the vocabulary`);
    return id;
  });
}
