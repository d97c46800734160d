/** Stages of an example: each leaves what it made in a folder, and is not done again. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadLanguageModel } from 'telar/generate';

/**
 * What `run` finds out about a model, or found out when it was run before.
 * @param {string} model directory @param {readonly string[]} adapters directories
 */
export async function observed(out, name, { model, adapters = [] }, run) {
  const path = join(out, `${name}.json`);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const lm = loadLanguageModel(model, { adapters });
  const result = await run(lm);
  for (const adapter of lm.model.adapters) adapter.dispose();
  lm.model.dispose();
  writeFileSync(`${path}.part`, JSON.stringify(result));
  renameSync(`${path}.part`, path);
  return result;
}

export function note(title) {
  return (message) => console.error(`${title}: ${message}`);
}
