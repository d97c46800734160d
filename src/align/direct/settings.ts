/** What a direct method can be told, with the values of its paper. */
import { z } from 'zod';

const positive = z.number().positive();
const share = z.number().min(0).lt(0.5);

export const dpoLosses = ['sigmoid', 'hinge', 'ipo', 'robust'] as const;

const schemas = {
  dpo: z
    .strictObject({
      /** How dear it is to leave the reference. */
      beta: positive.default(0.1),
      loss: z.enum(dpoLosses).default('sigmoid'),
      /** Share of pairs that may be the wrong way round; `sigmoid` and `robust`. */
      labelSmoothing: share.default(0),
    })
    .refine(({ loss, labelSmoothing }) => labelSmoothing === 0 || loss === 'sigmoid' || loss === 'robust', {
      message: 'label smoothing is for the losses sigmoid and robust',
    })
    .refine(({ loss, labelSmoothing }) => loss !== 'robust' || labelSmoothing > 0, {
      message: 'the robust loss must be told the share of wrong pairs: give a label smoothing above 0',
    }),
  kto: z.strictObject({
    beta: positive.default(0.1),
    /** Weights of good and bad answers; with many more of one kind, give it less. */
    desirableWeight: positive.default(1),
    undesirableWeight: positive.default(1),
  }),
  orpo: z.strictObject({
    /** Weight of the odds ratio beside the likelihood of the chosen answer. */
    beta: positive.default(0.1),
  }),
  simpo: z.strictObject({
    beta: positive.default(2),
    /** By how much the reward of the chosen answer should be larger. */
    gamma: z.number().min(0).default(1),
  }),
};

export const directMethods = ['dpo', 'kto', 'orpo', 'simpo'] as const;
export type DirectMethod = (typeof directMethods)[number];

export type DpoSettings = z.infer<(typeof schemas)['dpo']>;
export type KtoSettings = z.infer<(typeof schemas)['kto']>;
export type OrpoSettings = z.infer<(typeof schemas)['orpo']>;
export type SimpoSettings = z.infer<(typeof schemas)['simpo']>;

/** Settings of a method, which the name decides. */
export type DirectSettings =
  | ({ method: 'dpo' } & DpoSettings)
  | ({ method: 'kto' } & KtoSettings)
  | ({ method: 'orpo' } & OrpoSettings)
  | ({ method: 'simpo' } & SimpoSettings);

/** The schema of a method's settings; it fills in what is not given. */
export function directSettings<M extends DirectMethod>(method: M): (typeof schemas)[M] {
  return schemas[method];
}
