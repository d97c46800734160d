/** What `telar align` shows while it works, and at the end. */
import { join } from 'node:path';
import type { AlignResult } from '../align/index.js';
import { createProgress } from '../io/progress.js';
import type { Numbers, SessionEvents } from '../train/index.js';

interface Show {
  events: SessionEvents;
  done(): void;
  summary(result: AlignResult): void;
}

/** Numbers of a step that are shown, where a method has them. */
const OF_A_STEP = ['reward', 'kl', 'length', 'margin', 'accuracy'];

export function showAlignment({ out, json }: { out: string; json: boolean }): Show {
  const progress = createProgress({ json });
  const [losses, rewards]: [number[], number[]] = [[], []];
  /** Not every step answers prompts. */
  const latest: Numbers = {};
  const events: SessionEvents = {
    onNote: (message) => progress.note(message),
    onPhase: (title, done, total, unit) => progress.update({ title, done, total, unit }),
    onEvaluation: (step, numbers) => {
      const shown = heldOut(numbers);
      if (shown !== '') progress.note(`step ${step}, held out: ${shown}`);
    },
    onSample: (_step, _prompt, text) => progress.note(`  ${text.replaceAll(/\s+/g, ' ')}`),
    onStep: (status) => {
      const { numbers } = status;
      Object.assign(latest, numbers);
      losses.push(status.loss);
      if (numbers['reward'] !== undefined) rewards.push(numbers['reward']);
      progress.update({
        title: 'aligning',
        done: status.step,
        ...(status.totalSteps !== null && { total: status.totalSteps }),
        unit: 'steps',
        ...(status.secondsLeft !== null && { secondsLeft: status.secondsLeft }),
        facts: [
          ...(rewards.length > 0 ? [] : [{ label: 'loss', value: status.loss.toFixed(3) }]),
          ...OF_A_STEP.flatMap((name) => {
            const value = latest[name];
            return value === undefined ? [] : [{ label: name === 'kl' ? 'KL' : name, value: value.toFixed(2) }];
          }),
        ],
        series: rewards.length > 0 ? { label: 'reward', values: rewards } : { label: 'loss', values: losses },
      });
    },
  };
  return {
    events,
    done: () => progress.done(),
    summary({ finished, run, step }) {
      const { result = {}, best, method, adapter } = run;
      if (json) {
        console.log(JSON.stringify({ out, finished, step, method, ...result }));
        return;
      }
      if (!finished) {
        console.log(`Saved after step ${step}. Go on with: npx telar align --out ${out} --resume`);
        return;
      }
      if (result['stopped'] !== undefined)
        console.log(
          `\nAlarm, ${result['stopped']}: ${result['stoppedBecause']}.\nStopped after step ${step}${best ? `; final/ holds step ${best.step}` : ''}. Without alarms: npx telar align --out ${out} --resume --no-alarms`,
        );
      if (best) {
        const before = result[`${best.metric}Before`];
        console.log(
          `\n${words(best.metric)} ${best.value.toFixed(3)} at step ${best.step}${before === undefined ? '' : `, before ${Number(before).toFixed(3)}`}.`,
        );
      }
      if (best?.step === 0)
        console.log(
          'No evaluation was better than the start, so final/ changes nothing; --best chooses by another number.',
        );
      console.log(`Report:  ${join(out, 'report.html')}`);
      console.log(`${adapter ? 'Adapter:' : 'Model:  '} ${join(out, 'final')}`);
      console.log(
        method === 'reward'
          ? `Go on:   npx telar align --method ppo --reward model:${join(out, 'final')} ...`
          : `Go on:   npx telar chat --model ${join(out, 'final')}`,
      );
    },
  };
}

/** The numbers of an evaluation in a line; components of rewards are left to the report. */
function heldOut(numbers: Numbers): string {
  return Object.entries(numbers)
    .filter(([name]) => !name.includes('.'))
    .map(([name, value]) => `${words(name.replace(/^heldOut/, '')).toLowerCase()} ${value.toFixed(3)}`)
    .join(', ');
}

/** `heldOutReward` becomes `Held out reward`. */
function words(name: string): string {
  const text = name.replaceAll(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
