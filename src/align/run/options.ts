/** What one may ask of an alignment, and what of it does not go together. */
import { InputError } from '../../io/errors.js';
import type { SessionEvents } from '../../train/index.js';
import { refuse } from '../../tune/index.js';
import { feedbackKind } from './feedback.js';
import type { Method } from '../method.js';
import type { AlignPlanOptions } from './plan.js';
import type { Settings } from './settings.js';

export interface AlignOptions extends AlignPlanOptions {
  method: Method;
  /** Model directory. */
  model: string;
  /** Files of pairs, of answers with thumbs, or of prompts, as the method needs them. */
  data: readonly string[];
  /** Run directory. */
  out: string;
  /** Files to measure with; without, a share of the prompts (default 0.1) is held out. */
  heldOut?: readonly string[];
  heldOutFraction?: number;
  /** What answers are worth, for methods that generate them; see `parseReward`. */
  rewards?: readonly string[];
  /** Rewards that are measured on held-out prompts and never learned from. */
  checks?: readonly string[];
  /** Of the method. */
  settings?: Settings;
  /** Changes to the alarms, such as `kl=20` and `length=off`; false for none at all. */
  alarms?: readonly string[] | false;
  /** Longest prompt with its answer in tokens; longer ones are cut. Default: what the model takes, up to 1024. */
  context?: number;
  /** One of epochs, steps and minutes says how long to train. Default: once through the data. */
  epochs?: number;
  steps?: number;
  minutes?: number;
  /** For `reward` tokens of one update; for direct methods most tokens that go through the model at a time. */
  batchTokens?: number;
  /** For direct methods: pairs or thumbs of one update. */
  batchSize?: number;
  schedule?: 'wsd' | 'cosine' | 'constant';
  /** Evaluations without progress that end the run; 0 never does. */
  patience?: number;
  evaluateEvery?: number;
  /** How the frozen base is held. Default f32. */
  dtype?: 'f32' | 'bf16';
  /** Leave out records that cannot be used, instead of stopping at the first. */
  skipBad?: boolean;
  seed?: number;
  /** A checkpoint at every multiple of so many steps, besides one every two minutes. */
  saveEvery?: number;
  /** The command line, for the record. */
  command: string;
  events?: SessionEvents;
  signal?: AbortSignal;
}

/** @throws InputError for what cannot be done, whatever the model and the data are */
export function checkOptions(options: AlignOptions): void {
  const { method, steps, minutes, schedule, heldOut, heldOutFraction = 0.1, rewards = [], checks = [] } = options;
  if ([options.epochs, steps, minutes].filter((value) => value !== undefined).length > 1)
    throw new InputError('give one of --epochs, --steps and --minutes');
  if (minutes !== undefined && schedule === 'cosine')
    throw new InputError('a cosine schedule must know its end: give --epochs or --steps');
  if (!(heldOutFraction >= 0 && heldOutFraction < 1))
    throw new InputError(`--held-out-fraction must be from 0 to below 1, not ${heldOutFraction}`);
  if (heldOut && options.heldOutFraction !== undefined)
    throw new InputError('give one of --held-out and --held-out-fraction');
  const online = feedbackKind(method) === 'prompts';
  if (online && rewards.length === 0)
    throw new InputError(`${method} needs to know what an answer is worth: give at least one --reward`);
  refuse(method, 'ppo, grpo', online, ['reward', 'check', 'alarm'], {
    reward: options.rewards,
    check: options.checks,
    alarm: options.alarms || undefined,
  });
  refuse(method, 'reward, dpo, kto, orpo, simpo', !online, ['epochs', 'batchTokens'], options);
  refuse(method, 'dpo, kto, orpo, simpo', !online && method !== 'reward', ['batchSize'], options);
  if (options.weights === 'full' && options.dtype === 'bf16')
    throw new InputError('--dtype bf16 is for a frozen base: --weights full trains the weights in f32');
  if (checks.length > 0 && heldOut === undefined && heldOutFraction === 0)
    throw new InputError('--check is measured on held-out prompts: give --held-out, or a --held-out-fraction above 0');
}
