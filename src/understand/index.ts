/** Language understanding with any model of ours: embeddings, classification, extraction, summaries, answers. */
export { type Calibrate, calibrations, divideByPrior, priorOf, probabilitiesOf } from './calibrate.js';
export { centred, embedTexts, type EmbedOptions, meanOf, nearestEmbeddings } from './embed.js';
export {
  continuationLikelihoods,
  labelLikelihoods,
  type LengthNorm,
  lengthNorms,
  type LikelihoodOptions,
} from './likelihood.js';
export { type Pooling, poolings } from './pool.js';
