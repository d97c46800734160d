/** `README.md` of what a tuning run made. */
import type { Method } from './plan.js';
import type { TuneRun } from './tune-run.js';

const titles: Readonly<Record<Method, string>> = {
  full: 'A tuned model',
  lora: 'A LoRA adapter',
  prompt: 'A soft prompt',
  prefix: 'A prefix of keys and values',
};

/** Facts that decide the result and what came of it; nothing of the clock, so that equal runs have equal cards. */
export function modelCard({ method, base, data, training, result = {} }: TuneRun): string {
  const facts = [
    'validationLoss',
    'validationLossBefore',
    'bestStep',
    'steps',
    'tokens',
    'epochs',
    'trainedParameters',
  ];
  const figures = facts.flatMap((name) => (result[name] === undefined ? [] : [`| ${name} | ${result[name]} |`]));
  const peft = method === 'full' ? ['library_name: transformers'] : ['library_name: peft', `base_model: ${base.path}`];
  return `---
${peft.join('\n')}
tags: [telar]
---
# ${titles[method]}

It was taught to answer by ${data.examples} examples; what it says need not be true.

Learned ${data.learnedTokens} tokens an epoch at a peak learning rate of ${training.optimizer.learningRate}.

| figure | value |
| --- | --- |
${figures.join('\n')}
`;
}
