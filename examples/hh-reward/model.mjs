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
 * Trains a reward model; every choice (penalty of the head, when to stop) is made on `validation`.
 * @param base from `loadBase`; its weights are changed
 * @param {{ train: PreferencePair[], validation: PreferencePair[] }} pairs
 * @param plan `{ pooling, context, tuning: { epochs, learningRate } }`
 * @returns `{ reward, stages, write, dispose }`: rewards of examples as the best step gives them, and the validation figures
 */
export async function trainRewardModel(base, { train: own, validation }, plan, seed, log) {
  const settings = rewardSettings.parse({ pooling: plan.pooling, epochs: plan.tuning.epochs });
  const head = rewardHead(base.model.config.width, settings);
  const policy = new Policy(
    base,
    { adapter: null, start: { adapter: null, init: 'vocabulary', text: null }, seed },
    head,
  );
  const { model } = policy;
  const judge = async () => {
    const found = evaluateRewards(await scoreExamples(model, head, inTurn(validation)), lengthsOf(validation));
    return { loss: found.loss, accuracy: found.accuracy };
  };

  const { l2 } = await fitRewardHead(model, head, own, validation);
  const stages = [{ stage: `head alone, penalty ${l2}`, ...(await judge()) }];
  let best = { loss: stages[0].loss, weights: copy(policy.parameters) };
  const method = rewardModelMethod({ policy, head, settings, seed, train: own, heldOut: validation });
  const optimizer = new Optimizer(policy.parameters, optimizerOf(base, plan.tuning));
  const steps = method.defaultSteps;
  const every = Math.max(1, Math.round(steps / (2 * plan.tuning.epochs)));
  await train({
    ...method,
    optimizer,
    rate: (step) => (step > steps ? null : linear(step, steps)),
    onStep: async ({ step }) => {
      method.numbers();
      if (step % every !== 0) return;
      const found = await judge();
      stages.push({ stage: `tuned, step ${step} of ${steps}`, ...found });
      if (found.loss < best.loss) best = { loss: found.loss, weights: copy(policy.parameters) };
    },
  });
  optimizer.dispose();
  for (const [name, { data }] of policy.parameters) data.set(best.weights.get(name));
  for (const { stage, loss, accuracy } of stages)
    log(`validation: ${stage}: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(3)}`);
  return {
    stages,
    reward: (examples) => scoreExamples(model, head, examples),
    write: (folder, card) => writeRewardModel(folder, { policy, head, context: plan.context, card }),
    dispose() {
      policy.dispose();
      head.dispose();
    },
  };
}

function optimizerOf({ model }, { learningRate }) {
  return planOptimizer('full', model.config, { learningRate, optimizer: 'adamw' });
}

/** Up over twenty steps, then down to nothing. */
function linear(step, steps) {
  return Math.min(1, step / 20) * (1 - (step - 1) / steps);
}

function copy(parameters) {
  return new Map([...parameters].map(([name, { data }]) => [name, data.slice()]));
}
