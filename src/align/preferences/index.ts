/** Feedback: what people or judges preferred, as tokens and batches. */
export { type FeedbackBatch, FeedbackBatches } from './batches.js';
export { encodeAnswer, type EncodeOptions, encodePrompt, promptText } from './encode.js';
export { isTie, pairFields, readPair, readTie } from './record.js';
export { readPreferences, readPrompts, readThumbs, type ReadFeedbackOptions } from './read.js';
export { splitByPrompt } from './split.js';
export type { PreferencePair, Prompt, PromptExample, Thumb } from './types.js';
