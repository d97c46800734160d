/** From a run's decisions and its materials to the method that learns. */
import type { Base } from '../../tune/index.js';
import type { ScoreHead } from '../../understand/index.js';
import type { MethodParts } from '../method.js';
import { Policy } from '../policy.js';
import { rewardHead, rewardModelMethod, rewardSettings, writeRewardModel } from '../reward-model/index.js';
import type { Rewards } from '../rewards/index.js';
import type { AlignRun } from './align-run.js';
import type { Feedback } from './feedback.js';

/** What a run decides before its length is known. */
export type Decisions = Pick<AlignRun, 'method' | 'adapter' | 'start' | 'seed' | 'settings'> & {
  context: number;
  batchTokens: number | null;
};

export interface Materials {
  base: Base;
  feedback: Feedback;
  rewards: Rewards | null;
  checks: Rewards | null;
}

export interface OpenMethod {
  policy: Policy;
  parts: MethodParts;
  writeFinal(folder: string, card: string): void;
  dispose(): void;
}

/** @throws InputError for settings or feedback that do not fit the model */
export function openMethod(decisions: Decisions, { base, feedback }: Materials): OpenMethod {
  const { method, seed, context } = decisions;
  const { width } = base.model.config;
  const batchTokens = decisions.batchTokens ?? undefined;
  if (method === 'reward' && feedback.kind === 'pairs') {
    const settings = rewardSettings.parse(decisions.settings);
    const head = rewardHead(width, settings);
    return withPolicy(base, decisions, head, (policy) => ({
      parts: rewardModelMethod({ policy, settings, seed, head, ...feedback, batchTokens }),
      writeFinal: (folder, card) => writeRewardModel(folder, { policy, head, context, card }),
    }));
  }
  throw new Error(`${method} cannot learn from ${feedback.kind}`);
}

function withPolicy(
  base: Base,
  plan: Decisions,
  head: ScoreHead | null,
  make: (policy: Policy) => { parts: MethodParts; writeFinal?: OpenMethod['writeFinal'] },
): OpenMethod {
  const policy = new Policy(base, plan, head);
  const close = (): void => {
    policy.dispose();
    head?.dispose();
  };
  try {
    const { parts, writeFinal } = make(policy);
    return {
      policy,
      parts,
      writeFinal: writeFinal ?? ((folder, card) => policy.writeFinal(folder, card)),
      dispose() {
        parts.dispose();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}
