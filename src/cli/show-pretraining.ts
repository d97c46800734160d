/** What `telar pretrain` and `npm start` show while they work, and at the end. */
import { join } from 'node:path';
import { createProgress } from '../io/progress.js';
import { parameterCount } from '../model/index.js';
import type { PretrainResult, SessionEvents } from '../train/index.js';

interface Show {
  events: SessionEvents;
  done(): void;
  summary(result: PretrainResult): void;
}

export function showPretraining({ out, json }: { out: string; json?: boolean }): Show {
  const progress = createProgress({ json: json ?? false });
  const losses: number[] = [];
  let bitsPerByte = NaN;
  let sample = '';
  let prompt = '';
  const events: SessionEvents = {
    onPhase: (title, done, total, unit) => progress.update(unit ? { title, done, total, unit } : { title }),
    onNote: (message) => progress.note(message),
    onEvaluation: (_step, numbers) => {
      bitsPerByte = numbers['bitsPerByte']!;
    },
    onSample: (step, words, text) => {
      prompt = words.split(/\s+/).slice(0, 3).join(' ');
      sample = `${words}${text}`.replaceAll(/\s+/g, ' ');
      progress.note(`step ${step}, ${bitsPerByte.toFixed(3)} bits per byte: ${sample}`);
    },
    onStep: (status) => {
      losses.push(status.loss);
      progress.update({
        title: 'training',
        done: status.step,
        ...(status.totalSteps !== null && { total: status.totalSteps }),
        unit: 'steps',
        ...(status.secondsLeft !== null && { secondsLeft: status.secondsLeft }),
        facts: [
          { label: 'loss', value: status.loss.toFixed(3) },
          { label: 'bits/byte', value: bitsPerByte.toFixed(3) },
          { label: 'tokens/s', value: status.tokensPerSecond.toFixed(0) },
          { label: 'of FP32 peak', value: `${(100 * status.numbers['fractionOfPeak']!).toFixed(0)}%` },
        ],
        series: { label: 'loss', values: losses },
        sample,
      });
    },
  };
  return {
    events,
    done: () => progress.done(),
    summary({ finished, run, step }) {
      if (json) {
        const result = { out, finished, step, parameters: parameterCount(run.model), ...run.result };
        console.log(JSON.stringify(result));
        return;
      }
      if (!finished) {
        console.log(`Saved after step ${step}. Go on with: npx telar pretrain --out ${out} --resume`);
        return;
      }
      console.log(`\nHeld-out text costs ${Number(run.result?.['bitsPerByte']).toFixed(3)} bits per byte.`);
      console.log(`Report:  ${join(out, 'report.html')}`);
      console.log(`Model:   ${join(out, 'final')}`);
      console.log(`Go on:   npx telar generate --model ${join(out, 'final')} --prompt ${JSON.stringify(prompt)}`);
    },
  };
}
