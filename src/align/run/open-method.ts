/** From a run's decisions and its materials to the method that learns. */
import type { Base } from '../../tune/index.js';
import type { ScoreHead } from '../../understand/index.js';
import type { Numbers, SessionEvents } from '../../train/index.js';
import type { MethodParts } from '../method.js';
import { onlineMethod, onlineSettings, type OnlineSettings, valueHead } from '../online/index.js';
import { Policy } from '../policy.js';
import { directMethod, directSettings, type PairSettings } from '../direct/index.js';
import {
  evaluateRewardModel,
  rewardHead,
  rewardMarkdown,
  rewardModelMethod,
  rewardSection,
  rewardSettings,
  writeRewardModel,
} from '../reward-model/index.js';
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

/** What is said of what was made: numbers for `run.json`, Markdown for the card, HTML for the report. */
export interface Conclusion {
  numbers: Numbers;
  card: string;
  report: string;
}

export interface OpenMethod {
  policy: Policy;
  parts: MethodParts;
  /** Looks at what was made, once the best weights are taken up; null where the method has nothing to say. */
  conclude(): Promise<Conclusion | null>;
  writeFinal(folder: string, card: string): void;
  dispose(): void;
}

/** @throws InputError for settings or feedback that do not fit the model */
export async function openMethod(
  decisions: Decisions,
  { base, feedback, rewards, checks }: Materials,
  events: SessionEvents = {},
): Promise<OpenMethod> {
  const { method, seed, context } = decisions;
  const { width } = base.model.config;
  const size = {
    ...(decisions.batchTokens !== null && { batchTokens: decisions.batchTokens }),
    ...(decisions.batchSize !== null && { batchFeedback: decisions.batchSize }),
  };
  const onReference = (done: number, total: number): void =>
    events.onPhase?.('asking the model as it is', done, total, feedback.kind);
  if (method === 'reward' && feedback.kind === 'pairs') {
    const settings = rewardSettings.parse(decisions.settings);
    const head = rewardHead(width, settings);
    return withPolicy(base, decisions, head, (policy) => ({
      parts: rewardModelMethod({ policy, settings, seed, head, ...feedback, ...size }),
      writeFinal: (folder, card) => writeRewardModel(folder, { policy, head, context, card }),
      async conclude() {
        if (feedback.heldOut.length === 0) return null;
        const evaluation = await evaluateRewardModel(policy.model, head, feedback.heldOut, feedback.train);
        const { accuracy, calibration, lengthOnly } = evaluation;
        const numbers = {
          heldOutAccuracy: accuracy,
          ...(lengthOnly && { lengthOnlyAccuracy: lengthOnly.accuracy }),
          calibrationError: calibration.error,
        };
        return { numbers, card: rewardMarkdown(evaluation), report: rewardSection(evaluation) };
      },
    }));
  }
  if (method === 'kto' && feedback.kind === 'thumbs') {
    const settings = { method, ...directSettings(method).parse(decisions.settings) } as const;
    return withPolicy(base, decisions, null, async (policy) => ({
      parts: await directMethod({ policy, settings, seed, ...feedback, ...size, onReference }),
    }));
  }
  if ((method === 'dpo' || method === 'orpo' || method === 'simpo') && feedback.kind === 'pairs') {
    const settings = { method, ...directSettings(method).parse(decisions.settings) } as PairSettings;
    return withPolicy(base, decisions, null, async (policy) => ({
      parts: await directMethod({ policy, settings, seed, ...feedback, ...size, onReference }),
    }));
  }
  if ((method === 'ppo' || method === 'grpo') && feedback.kind === 'prompts' && rewards) {
    const settings = { method, ...onlineSettings(method).parse(decisions.settings) } as OnlineSettings;
    const head = method === 'ppo' ? valueHead(width) : null;
    return withPolicy(base, decisions, head, (policy) => ({
      parts: onlineMethod({ policy, settings, seed, head, ...feedback, rewards, checks, ...size }),
    }));
  }
  throw new Error(`${method} cannot learn from ${feedback.kind}`);
}

type Made = Pick<OpenMethod, 'parts'> & Partial<Pick<OpenMethod, 'writeFinal' | 'conclude'>>;

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
    const made = await make(policy);
    const { parts } = made;
    return {
      policy,
      conclude: async () => null,
      writeFinal: (folder, card) => policy.writeFinal(folder, card),
      ...made,
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
