/** Small local text classifiers: labels (toxicity and the user's own) and languages. */
export { type ClassifierModel, LinearClassifier, type TextClassifier, type WindowScore } from './classifier.js';
export {
  crossValidate,
  type CrossValidateOptions,
  type Evaluation,
  judge,
  type Judgement,
  type LabelEvaluation,
} from './evaluate.js';
export { splitIntoParts } from './folds.js';
export { loadClassifier, saveClassifier } from './folder.js';
export { type Labelled, type LabelledOptions, readLabelled } from './labelled.js';
export { type IdentifiedLanguage, identifyLanguage } from './language.js';
export { modelCard } from './model-card.js';
export { toxicityClassifier } from './toxicity.js';
export { trainClassifier, type TrainOptions } from './train.js';
