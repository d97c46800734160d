/** An alignment in a run directory: begun, gone on with, or taken as it is. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { align, readAlignRun, resumeAlignment } from 'telar/align';

/**
 * @param {string} out run directory
 * @param {import('telar/align').AlignOptions} options without `out` and `events`
 * @returns {Promise<{ folder: string, minutes: number }>} the adapter directory, and how long it took
 */
export async function aligned(out, options, log) {
  const folder = join(out, 'final');
  if (!existsSync(folder)) {
    const events = {
      onEvaluation: (step, { heldOutLoss, heldOutAccuracy }) =>
        log(`step ${step}, held-out loss ${heldOutLoss?.toFixed(4)}, accuracy ${heldOutAccuracy?.toFixed(3)}`),
    };
    if (existsSync(join(out, 'checkpoints'))) await resumeAlignment({ out, events });
    else {
      rmSync(out, { recursive: true, force: true });
      await align({ ...options, out, events });
    }
  }
  return { folder, minutes: Number(readAlignRun(out).result?.seconds ?? 0) / 60 };
}
