/** What `telar tune` shows while it works, and at the end. */
import { join } from 'node:path';
import { createProgress } from '../io/progress.js';
import type { SessionEvents } from '../train/index.js';
import type { TuneResult } from '../tune/index.js';

interface Show {
  events: SessionEvents;
  done(): void;
  summary(result: TuneResult): void;
}

export function showTuning({ out, json }: { out: string; json: boolean }): Show {
  const progress = createProgress({ json });
  const losses: number[] = [];
  let validation: number | undefined;
  const events: SessionEvents = {
    onNote: (message) => progress.note(message),
    onEvaluation: (step, numbers) => {
      validation = numbers['validationLoss'];
      if (validation !== undefined) progress.note(`step ${step}, validation loss ${validation.toFixed(3)}`);
    },
    onSample: (_step, _prompt, text) => progress.note(`  ${text.replaceAll(/\s+/g, ' ')}`),
    onStep: (status) => {
      losses.push(status.loss);
      progress.update({
        title: 'tuning',
        done: status.step,
        ...(status.totalSteps !== null && { total: status.totalSteps }),
        unit: 'steps',
        ...(status.secondsLeft !== null && { secondsLeft: status.secondsLeft }),
        facts: [
          { label: 'loss', value: status.loss.toFixed(3) },
          ...(validation === undefined ? [] : [{ label: 'validation', value: validation.toFixed(3) }]),
          { label: 'tokens/s', value: status.numbers['tokensPerSecond']!.toFixed(0) },
        ],
        series: { label: 'loss', values: losses },
      });
    },
  };
  return {
    events,
    done: () => progress.done(),
    summary({ finished, run, step }) {
      const { result } = run;
      if (json) {
        console.log(JSON.stringify({ out, finished, step, method: run.method, ...result }));
        return;
      }
      if (!finished) {
        console.log(`Saved after step ${step}. Go on with: npx telar tune --out ${out} --resume`);
        return;
      }
      if (result?.['validationLoss'] !== undefined)
        console.log(
          `\nValidation loss ${Number(result['validationLoss']).toFixed(3)} at step ${result['bestStep']}, before ${Number(result['validationLossBefore']).toFixed(3)}.`,
        );
      console.log(`Report:  ${join(out, 'report.html')}`);
      console.log(`${run.method === 'full' ? 'Model:  ' : 'Adapter:'} ${join(out, 'final')}`);
      console.log(`Go on:   npx telar chat --model ${join(out, 'final')}`);
    },
  };
}
