/** How much arithmetic training takes. */
import { type ModelConfig, parameterCount } from '../model/index.js';

/**
 * Floating-point operations of one training step (forward and backward) a token: 6 for each parameter that multiplies
 * (Kaplan et al. 2020, section 2.1), and attention at half the context on average. The embedding of an untied model and
 * learned positions are looked up, not multiplied.
 */
export function trainingFlopsPerToken(config: ModelConfig, context = config.context): number {
  const lookedUp =
    (config.tiedHead ? 0 : config.vocabSize * config.width) +
    (config.positions === 'learned' ? config.context * config.width : 0);
  const attention = 12 * config.layers * config.heads * config.headDim * (context / 2);
  return 6 * (parameterCount(config) - lookedUp) + attention;
}
