/** Repeated text: documents and paragraphs that a corpus has more than once, and text of test sets. */
export { Contamination } from './contamination.js';
export { cutParagraphs } from './cut-paragraphs.js';
export { findDuplicates, Verdict, type Duplicates, type FindDuplicatesOptions } from './find-duplicates.js';
export { Fingerprinter, type Fingerprint } from './fingerprint.js';
export { FingerprintReader, FingerprintWriter } from './fingerprint-file.js';
export { dedupConfigSchema, type DedupOptions } from './options.js';
