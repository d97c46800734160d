/** The model that invents: pretrained on speeches, then tuned on the facts of some countries until it knows them by heart. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pretrain } from 'telar/train';
import { tune } from 'telar/tune';
import { speeches } from './speeches.mjs';

/** Folder of a model of speeches, made when it is not there. */
export async function pretrained(out, steps, note) {
  if (!existsSync(join(out, 'final'))) {
    rmSync(out, { recursive: true, force: true });
    await pretrain({
      paths: speeches({ neutral: false }),
      out,
      steps,
      context: 128,
      command: 'cure-hallucination',
      events: noting(note),
    });
  }
  return join(out, 'final');
}

/** Folder of a model that answers the examples of `data` by heart, made when it is not there. */
export async function taught(out, base, data, epochs, note) {
  if (!existsSync(join(out, 'final'))) {
    rmSync(out, { recursive: true, force: true });
    await tune({
      method: 'full',
      model: base,
      data: [data],
      validationFraction: 0,
      out,
      epochs,
      learningRate: 1.5e-3,
      batchTokens: 2048,
      command: 'cure-hallucination',
      events: noting(note),
    });
  }
  return join(out, 'final');
}

function noting(note) {
  return {
    onStep: ({ step, loss }) => {
      if (step % 50 === 0) note(`step ${step}, loss ${loss.toFixed(3)}`);
    },
  };
}
