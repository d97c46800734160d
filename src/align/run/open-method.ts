/** From a run's decisions and its materials to the method that learns. */
import type { Base } from '../../tune/index.js';
import type { ScoreHead } from '../../understand/index.js';
import type { MethodParts } from '../method.js';
import { Policy } from '../policy.js';
import { directMethod, directSettings, type PairSettings } from '../direct/index.js';
import { rewardHead, rewardModelMethod, rewardSettings, writeRewardModel } from '../reward-model/index.js';
import type { Rewards } from '../rewards/index.js';
import type { AlignRun } from './align-run.js';
import type { Feedback } from './feedback.js';

/** What a run decides before its length is known. */
export type Decisions = Pick<AlignRun, 'method' | 'adapter' | 'start' | 'seed' | 'settings'> & {
  context: number;
  batchTokens: number | null;
  batchSize: number | null;
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
export async function openMethod(decisions: Decisions, { base, feedback }: Materials): Promise<OpenMethod> {
  const { method, seed, context } = decisions;
  const { width } = base.model.config;
  const size = {
    ...(decisions.batchTokens !== null && { batchTokens: decisions.batchTokens }),
    ...(decisions.batchSize !== null && { batchFeedback: decisions.batchSize }),
  };
  if (method === 'reward' && feedback.kind === 'pairs') {
    const settings = rewardSettings.parse(decisions.settings);
    const head = rewardHead(width, settings);
    return withPolicy(base, decisions, head, (policy) => ({
      parts: rewardModelMethod({ policy, settings, seed, head, ...feedback, ...size }),
      writeFinal: (folder, card) => writeRewardModel(folder, { policy, head, context, card }),
    }));
  }
  if (method === 'kto' && feedback.kind === 'thumbs') {
    const settings = { method, ...directSettings(method).parse(decisions.settings) } as const;
    return withPolicy(base, decisions, null, async (policy) => ({
      parts: await directMethod({ policy, settings, seed, ...feedback, ...size }),
    }));
  }
  if ((method === 'dpo' || method === 'orpo' || method === 'simpo') && feedback.kind === 'pairs') {
    const settings = { method, ...directSettings(method).parse(decisions.settings) } as PairSettings;
    return withPolicy(base, decisions, null, async (policy) => ({
      parts: await directMethod({ policy, settings, seed, ...feedback, ...size }),
    }));
  }
  throw new Error(`${method} cannot learn from ${feedback.kind}`);
}

interface Made {
  parts: MethodParts;
  writeFinal?: OpenMethod['writeFinal'];
}

async function withPolicy(
  base: Base,
  plan: Decisions,
  head: ScoreHead | null,
  make: (policy: Policy) => Made | Promise<Made>,
): Promise<OpenMethod> {
  const policy = new Policy(base, plan, head);
  const close = (): void => {
    policy.dispose();
    head?.dispose();
  };
  try {
    const { parts, writeFinal } = await make(policy);
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
