/** The toxicity classifier that comes with Telar; its model card is `weights/toxicity/README.md`. */
import { fileURLToPath } from 'node:url';
import type { LinearClassifier } from './classifier.js';
import { loadClassifier } from './folder.js';

let loaded: LinearClassifier | undefined;

/**
 * Labels "hate", "offensive" and "neither", for English. Loaded once; see {@link loadClassifier} for errors.
 */
export function toxicityClassifier(): LinearClassifier {
  return (loaded ??= loadClassifier(fileURLToPath(new URL('../../weights/toxicity', import.meta.url))));
}
