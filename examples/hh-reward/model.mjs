/** A reward model of one fold: a head on the base as it is, then both tuned. */
import {
  evaluateRewards,
  fitRewardHead,
  inTurn,
  lengthsOf,
  Policy,
  rewardHead,
  rewardModelMethod,
  rewardSettings,
  scoreExamples,
  writeRewardModel,
} from 'telar/align';
import { Optimizer, train } from 'telar/train';
import { planOptimizer } from 'telar/tune';

/**
 * Trains a reward model. The penalty of the head and how long to tune are chosen on `validation`; then all begins again with
 * the pairs of both sides.
 * @param base from `loadBase`; its weights are changed
 * @param {{ train: PreferencePair[], validation: PreferencePair[] }} pairs
 * @param plan `{ pooling, context, tuning: { epochs, learningRate } }`
 * @returns `{ reward, write, dispose }`
 */
export async function trainRewardModel(base, { train: own, validation }, plan, seed, log) {
  const settings = rewardSettings.parse({ pooling: plan.pooling, epochs: plan.tuning.epochs });
  const head = rewardHead(base.model.config.width, settings);
  const start = { adapter: null, init: 'vocabulary', text: null };
  const policy = new Policy(base, { adapter: null, start, seed }, head);
  const { model, parameters } = policy;
  const given = new Map([...parameters].map(([name, { data }]) => [name, data.slice()]));
  const judge = async (share) => {
    const { loss, accuracy } = evaluateRewards(
      await scoreExamples(model, head, inTurn(validation)),
      lengthsOf(validation),
    );
    log(`validation, ${share} of the tuning: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(3)}`);
    return { share, loss };
  };

  const { l2 } = await fitRewardHead(model, head, own, validation);
  const looks = [await judge(0)];
  await tune(own, 1, async (share) => looks.push(await judge(share)));
  const best = looks.reduce((best, look) => (look.loss < best.loss ? look : best));
  log(`penalty ${l2}, ${best.share} of the tuning`);
  for (const [name, { data }] of parameters) data.set(given.get(name));
  const all = [...own, ...validation];
  await fitRewardHead(model, head, all, all, [l2]);
  if (best.share > 0) await tune(all, best.share);

  return {
    reward: (examples) => scoreExamples(model, head, examples),
    write: (folder, card) => writeRewardModel(folder, { policy, head, context: plan.context, card }),
    dispose() {
      policy.dispose();
      head.dispose();
    },
  };

  /** Tunes for a share of the schedule; `look` is called after each half of an epoch. */
  async function tune(pairs, share, look = async () => {}) {
    const method = rewardModelMethod({ policy, head, settings, seed, train: pairs, heldOut: [] });
    const config = planOptimizer('full', model.config, {
      learningRate: plan.tuning.learningRate,
      optimizer: 'adamw',
    });
    const optimizer = new Optimizer(parameters, config);
    const steps = method.defaultSteps;
    const parts = 2 * plan.tuning.epochs;
    const ends = new Map(
      Array.from({ length: parts }, (_, i) => [Math.round(((i + 1) * steps) / parts), (i + 1) / parts]),
    );
    await train({
      ...method,
      optimizer,
      rate: (step) => (step > Math.round(share * steps) ? null : linear(step, steps)),
      onStep: async ({ step }) => {
        if (ends.has(step)) await look(ends.get(step));
      },
    });
    optimizer.dispose();
  }
}

/** Up over twenty steps, then down to nothing. */
function linear(step, steps) {
  return Math.min(1, step / 20) * (1 - (step - 1) / steps);
}
