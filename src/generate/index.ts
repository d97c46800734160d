/** Prefill, decode and sampling. */
export {
  type LanguageModel,
  loadLanguageModel,
  type LoadLanguageModelOptions,
  type ModelFolders,
  modelFolders,
} from './load.js';
export { mergeFolder, type MergeFolderOptions } from './merge-folder.js';
export { answerEnds, Conversation } from './conversation.js';
export {
  choiceConstraint,
  type CompiledConstraint,
  type Constraint,
  type ConstraintRequest,
  jsonSchemaConstraint,
  regexConstraint,
  requestedConstraint,
  requestedValue,
  type SchemaOptions,
  type StartOptions,
} from './constraint/index.js';
export { type SampledToken, Sampler, type SamplingOptions } from './sampler.js';
export { type FinishReason, generateTokens, type TokenEvent, type TokenOptions } from './tokens.js';
export {
  type Completion,
  generateText,
  promptTokens,
  streamText,
  type TextEvent,
  type TextOptions,
  type TextToken,
} from './text.js';
export { type Inspection, inspectText } from './inspect.js';
