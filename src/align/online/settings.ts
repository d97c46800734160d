/** What an online method can be told, with values from its paper or from what works on small models. */
import { z } from 'zod';

const positive = z.number().positive();
const natural = z.int().min(1);
const share = z.number().gt(0).lt(1);

export const klEstimators = ['k1', 'k3'] as const;
export const klPlaces = ['reward', 'loss'] as const;
export const grpoVariants = ['grpo', 'dr_grpo', 'dapo', 'rloo'] as const;
export type GrpoVariant = (typeof grpoVariants)[number];

const common = {
  /** Most tokens of a completion, what ends it included. */
  maxNewTokens: natural.default(64),
  /** Passes over a rollout, and the updates of each. */
  rolloutEpochs: natural.default(1),
  minibatches: natural.default(2),
  /** How far the ratio of new to old probability may go down, and up. */
  clip: share.default(0.2),
  clipHigh: share.optional(),
  /** What a nat away from the reference costs. */
  klCoefficient: z.number().min(0).default(0.05),
  /** Nats a sample that the coefficient is steered to, where it is not fixed. */
  klTarget: positive.optional(),
  /** Taken from the reward of a completion that does not end. */
  missingEndPenalty: z.number().min(0).default(0),
  /** Weight of the entropy, which is raised. */
  entropyBonus: z.number().min(0).default(0),
  /** Held-out prompts that an evaluation answers. */
  evaluationPrompts: natural.default(128),
};

const schemas = {
  ppo: z.strictObject({
    ...common,
    /** Prompts of a rollout, each answered once. */
    rolloutPrompts: natural.default(64),
    /** Where the distance to the reference is paid for, and how it is estimated (Schulman 2020). */
    klIn: z.enum(klPlaces).default('reward'),
    klEstimator: z.enum(klEstimators).default('k1'),
    /** Discount and lambda of the advantages. */
    gamma: z.number().gt(0).max(1).default(1),
    gaeLambda: z.number().min(0).max(1).default(0.95),
    /** How far a value may move from what it was at the rollout. */
    valueClip: positive.default(0.2),
    valueCoefficient: z.number().min(0).default(0.1),
  }),
  grpo: z.strictObject({
    ...common,
    /** Prompts of a rollout, each answered by a group. */
    rolloutPrompts: natural.default(8),
    klIn: z.enum(klPlaces).default('loss'),
    klEstimator: z.enum(klEstimators).default('k3'),
    groupSize: z.int().min(2).default(8),
    variant: z.enum(grpoVariants).default('grpo'),
  }),
};

export const onlineMethods = ['ppo', 'grpo'] as const;
export type OnlineMethod = (typeof onlineMethods)[number];

export type PpoSettings = z.infer<(typeof schemas)['ppo']>;
export type GrpoSettings = z.infer<(typeof schemas)['grpo']>;
export type OnlineSettings = ({ method: 'ppo' } & PpoSettings) | ({ method: 'grpo' } & GrpoSettings);

/** The schema of a method's settings; it fills in what is not given. */
export function onlineSettings<M extends OnlineMethod>(method: M): (typeof schemas)[M] {
  return schemas[method];
}

/** DAPO lets probable tokens rise further than fall (Yu et al. 2025, section 3.1). */
const DAPO_CLIP_HIGH = 0.28;

/** The upper limit of the ratio, less 1. */
export function clipHighOf(settings: OnlineSettings): number {
  const dapo = settings.method === 'grpo' && settings.variant === 'dapo';
  return settings.clipHigh ?? (dapo ? Math.max(DAPO_CLIP_HIGH, settings.clip) : settings.clip);
}
