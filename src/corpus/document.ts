/** What every stage of the corpus pipeline hands to the next. */

/** A text on its way from a source to the shards. */
export interface SourceDocument {
  /** Well-formed Unicode. */
  text: string;
  /** Where it came from: path of the file, then `:line` (jsonl, csv), `#row` (parquet), `#n` (json) or `@offset` (warc). */
  source: string;
  /** What came with it (url, title, language, ...): few and short. */
  meta: Readonly<Record<string, string>>;
}
