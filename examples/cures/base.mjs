/** The base models of the cures: small, and pretrained from nothing in minutes. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pretrain, resumePretraining } from 'telar/train';

/** Depth, width and length of a base. */
export const BASE = { layers: 2, width: 256, context: 128, vocab: 4096, steps: 800 };

/**
 * Pretrains a base model on documents in `folder`, goes on with one that was stopped, or takes the one that is there.
 * @param {() => readonly string[]} documents asked for when there is something to train
 * @returns {Promise<string>} the model directory
 */
export async function baseModel(folder, documents, plan, command, log) {
  const out = join(folder, 'base');
  const model = join(out, 'final');
  if (existsSync(join(model, 'config.json'))) return model;
  let told = 0;
  const events = {
    onStep: ({ step, loss }) => {
      if (step < told + 100) return;
      told = step;
      log(`step ${step} of ${plan.steps}, loss ${loss.toFixed(3)}`);
    },
  };
  if (existsSync(join(out, 'checkpoints'))) {
    await resumePretraining({ out, events });
    return model;
  }
  rmSync(out, { recursive: true, force: true });
  const text = join(folder, 'base.jsonl');
  writeFileSync(
    text,
    documents()
      .map((text) => `${JSON.stringify({ text })}\n`)
      .join(''),
  );
  await pretrain({ paths: [text], out, ...plan, command, events });
  return model;
}
