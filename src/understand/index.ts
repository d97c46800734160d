/** Language understanding with any model of ours: embeddings, classification, extraction, summaries, answers. */
export { type Answer, type AnswerOptions, Reader } from './answer.js';
export { type Respondent } from './ask.js';
export { type Calibrate, calibrations, divideByPrior, priorOf, probabilitiesOf } from './calibrate.js';
export { chooseLabels, type ChooseOptions } from './choose.js';
export { centred, embedTexts, type EmbedOptions, meanOf, nearestEmbeddings } from './embed.js';
export { extract, type Extraction, type ExtractOptions } from './extract.js';
export { classifyTexts, loadHead, saveHead, type SaveHeadOptions, ScoreHead, scoreTexts } from './head.js';
export { chooseExamples, defaultLabelPrompt, labelPrompts, type LabelPrompts } from './label-prompts.js';
export {
  type LabelledTexts,
  type LabelMethod,
  labelMethods,
  labelTexts,
  type LabelTextsOptions,
} from './label-texts.js';
export {
  continuationLikelihoods,
  labelLikelihoods,
  type LengthNorm,
  lengthNorms,
  type LikelihoodOptions,
  type Prompt,
} from './likelihood.js';
export { checkPooling, type Pooling, poolings } from './pool.js';
export { summarise, type SummariseOptions } from './summarise.js';
export { judgeProbabilities, type TrainedHead, trainHead, type TrainHeadOptions } from './train-head.js';
