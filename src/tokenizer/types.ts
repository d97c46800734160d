/** What every tokenizer can do. Token ids are unsigned 32-bit integers; text is any bytes. */
export interface Tokenizer {
  /** Number of ids, special tokens included: every id is below it. */
  readonly vocabSize: number;
  /** Id of the token that begins a document, or null where the tokenizer has none. */
  readonly bos: number | null;
  /** Id of the token that ends a document, or null where the tokenizer has none. */
  readonly eos: number | null;
  /** Whether a prompt for a model of this tokenizer begins with `bos` by convention. {@link encode} never adds it. */
  readonly addsBos: boolean;
  /** Special tokens by their text. */
  readonly specials: ReadonlyMap<string, number>;
  /**
   * Token ids of `text`. Exact: `decodeBytes(encode(text))` gives the same bytes, except where an imported
   * `tokenizer.json` says otherwise (Unicode normalisation, "▁" standing for a space).
   * A string is encoded as UTF-8. Text that spells a special token becomes that token only with `allowSpecial`.
   * @throws InputError for more than 2^28 bytes at once.
   */
  encode(text: string | Uint8Array, options?: { allowSpecial?: boolean }): Uint32Array;
  /**
   * Ids of the words at the beginning of `bytes` that no further text could change, and how many bytes they are; see
   * `EncodeStream`. Absent, or null, where only the whole text tells.
   */
  encodePrefix?(bytes: Uint8Array): { ids: Uint32Array; length: number } | null;
  /**
   * Bytes of the ids, in order: the {@link bytesAfter} of each after the one before, the first after `previous` (null, the
   * default, at the beginning of a text). Special tokens give their text.
   */
  decodeBytes(ids: ArrayLike<number>, previous?: number | null): Uint8Array;
  /** Text of {@link decodeBytes}; bytes that are not UTF-8 become U+FFFD. */
  decode(ids: ArrayLike<number>, previous?: number | null): string;
  /** Bytes of one id, whatever stands before it. @throws InputError for an id outside the vocabulary. */
  tokenBytes(id: number): Uint8Array;
  /**
   * Bytes that `id` adds to a text whose last token is `previous` (null where the text begins). They are the
   * {@link tokenBytes}, save that a SentencePiece tokenizer drops the space it put before the first word.
   * @throws InputError for an id outside the vocabulary.
   */
  bytesAfter(id: number, previous: number | null): Uint8Array;
  /** Whether the id is a special token. */
  isSpecial(id: number): boolean;
  /** The content of `tokenizer.json` in the Hugging Face format. */
  toJSON(): unknown;
  /** Hexadecimal SHA-256 of the canonical `tokenizer.json`, which names this tokenizer in manifests. */
  readonly hash: string;
}
