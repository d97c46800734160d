/** Language understanding with any model of ours: embeddings, classification, extraction, summaries, answers. */
export { type Calibrate, calibrations, probabilitiesOf } from './calibrate.js';
export { centred, embedTexts, type EmbedOptions, meanOf, nearestEmbeddings } from './embed.js';
export { classifyTexts, loadHead, saveHead, type SaveHeadOptions, ScoreHead, scoreTexts } from './head.js';
export { labelLikelihoods, type LengthNorm, lengthNorms, type LikelihoodOptions } from './likelihood.js';
export { type Pooling, poolings } from './pool.js';
export { judgeProbabilities, type TrainedHead, trainHead, type TrainHeadOptions } from './train-head.js';
