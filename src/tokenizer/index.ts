/** Tokenizers: training, encoding, decoding, and the files that hold them. */
export { byteTokenizer, endOfText } from './bytes.js';
export { type ChatMessage, ChatTemplate, type MarkedText } from './chat-template.js';
export { saveChatTemplate } from './chat-template-files.js';
export { chatPromptTokens, encodeBehind, encodeMarked, type MarkedTokens } from './chat-template-tokens.js';
export { loadTokenizer, saveTokenizer } from './folder.js';
export { tokenizerFromJSON, type TokenizerSource } from './json-read.js';
export { readLlama2cTokenizer } from './llama2c.js';
export { patternPresets, type PatternPreset } from './pattern.js';
export { readRanks, tokenizerFromRanks, type RankedTokenizerOptions } from './ranks.js';
export { EncodeStream } from './stream.js';
export { compareTokenizers, type TokenizerFigures } from './compare.js';
export { trainBpe, type TrainBpeOptions } from './train.js';
export type { Tokenizer } from './types.js';
export { Utf8Stream } from './utf8.js';
