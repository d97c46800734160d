/** Both runs in one page: what was gained against how far the model went, and against time. */
import { join } from 'node:path';
import { reportPage, scatterPanel } from 'telar/report';
import { readMetrics } from 'telar/train';

const COLOURS = { ppo: '--train', grpo: '--held' };

/** @param out folder of the runs `methods` */
export function curvesPage(out, methods) {
  const runs = methods.map((method) => ({
    method,
    looks: readMetrics(join(out, method)).filter(({ heldOutReward }) => heldOutReward !== undefined),
  }));
  const series = (x) =>
    runs.map(({ method, looks }) => ({
      label: method,
      colour: COLOURS[method],
      joined: true,
      points: looks.map((look) => ({
        x: x(look),
        y: look.heldOutReward,
        name: `${method}, step ${look.step}: reward ${look.heldOutReward.toFixed(3)}, KL ${look.heldOutKl.toFixed(2)}`,
      })),
    }));
  return reportPage({
    name: 'sentiment',
    kind: 'PPO and GRPO',
    lead: 'stories260K learns to tell happier stories: the mean valence of a continuation\u2019s words on held-out beginnings.',
    when: '',
    curves: [],
    body: [
      scatterPanel(
        'Reward against distance',
        'Held-out prompts; the first point is the base.',
        ['KL, nats a sample', 'reward'],
        series((look) => look.heldOutKl),
      ),
      scatterPanel(
        'Reward against time',
        'Minutes of the run, evaluations included.',
        ['minutes', 'reward'],
        series((look) => look.time / 60),
      ),
    ].join('\n'),
  });
}
