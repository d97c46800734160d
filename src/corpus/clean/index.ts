/** Cleaning: named steps that keep a text, change it, or say why it is dropped. */
import { makeSteps, cleanerOf, type Cleaner } from './cleaner.js';
import type { CleanConfig } from './config.js';
import { defaultServices, type Services } from './services.js';

export { type Cleaner } from './cleaner.js';
export { cleanConfigSchema, stepNames, type CleanConfig, type StepName } from './config.js';
export { ByteModel } from './perplexity.js';
export { maskPersonalData, personalKinds, type PersonalKind } from './personal/index.js';
export { type Scorer, type Services, type TestSets } from './services.js';
export { type Drop, type Facts } from './step.js';

/**
 * Loads whatever the steps need (scorers, n-grams of test sets) and makes the cleaner.
 * @throws InputError for a classifier, model or test set that cannot be read
 */
export async function makeCleaner(config: CleanConfig, services: Services = defaultServices): Promise<Cleaner> {
  return cleanerOf(makeSteps(config, services));
}
