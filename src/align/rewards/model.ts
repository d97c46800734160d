/** What a trained reward model makes of a completion. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { modelFolders } from '../../generate/index.js';
import { loadRewardModel } from '../reward-model/index.js';
import { rewardKind } from './kind.js';

/** The score of a reward model, as it is: nats of a preference, of which only differences mean something. */
export const rewardModel = rewardKind({
  example: 'model:runs/reward/final',
  about: 'score of a reward model, from telar align --method reward; only differences mean something',
  settings: z.strictObject({}),
  open: (_, { path }) => {
    const model = loadRewardModel(path);
    const { base, adapters, tokenizer } = modelFolders(path);
    return {
      files: [path, base, ...adapters, tokenizer].map((folder) => resolve(folder)),
      score: (inputs) => model.score(inputs),
      dispose: () => model.dispose(),
    };
  },
});
