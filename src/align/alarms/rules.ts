/**
 * Rules that tell a run that goes wrong from one that learns, each from a few numbers of its course. A rule needs several
 * numbers beyond its limit, so that one bad draw of prompts is no alarm.
 */

/** One look: the step, then the rule's metrics in order. */
export type Look = readonly number[];

export interface Rule {
  /** What must not happen, in a line. */
  about: string;
  /** What `limit` counts. */
  unit: string;
  limit: number;
  /** Names in `metrics.jsonl`; lines without all of them are not looked at. */
  metrics: readonly string[];
  /** What is wrong, in a sentence that says what to do; null while nothing is. */
  judge(looks: readonly Look[], limit: number): string | null;
}

export const alarmNames = ['hacking', 'length', 'repetition', 'truncation', 'entropy', 'kl'] as const;
export type AlarmName = (typeof alarmNames)[number];

/** Looks whose mean stands for a time, and looks before there is any alarm for hacking. */
const WINDOW = 3;
const FEWEST = 6;
/** Share of the check's size below which a fall does not matter, however little noise there is. */
const MATERIAL = 0.05;
/** Tokens that answers count as long at the start where they are shorter. */
const SHORT = 8;
/** Steps whose mean is the entropy at the start, and now. */
const [ENTROPY_START, ENTROPY_NOW] = [5, 10];

export const rules: Readonly<Record<AlarmName, Rule>> = {
  hacking: {
    about: 'the reward rises while the held-out check (--check) falls',
    unit: 'times the noise of the check that it has fallen',
    limit: 5,
    metrics: ['heldOutReward', 'check'],
    judge: judgeHacking,
  },
  length: {
    about: 'answers grow much longer',
    unit: 'times the length at the start',
    limit: 2,
    metrics: ['heldOutLength'],
    judge(looks, limit) {
      const start = Math.max(SHORT, looks[0]![1]!);
      if (!lastTwo(looks, (length) => length > limit * start)) return null;
      return `held-out answers have grown to ${tokens(looks.at(-1)![1]!)} from ${tokens(looks[0]![1]!)}: the reward pays for length; add a length reward, or limit --max-new-tokens`;
    },
  },
  repetition: {
    about: 'answers repeat themselves',
    unit: 'repeated 4-grams more than at the start, as a share',
    limit: 0.3,
    metrics: ['heldOutRepetition'],
    judge(looks, limit) {
      const start = looks[0]![1]!;
      if (!lastTwo(looks, (share) => share > start + limit)) return null;
      return `${percent(looks.at(-1)![1]!)} of the 4-grams in held-out answers are repeated, ${percent(start)} at the start: the reward pays for repetition; raise the KL penalty, or reward something that repetition does not give`;
    },
  },
  truncation: {
    about: 'answers no longer end',
    unit: 'answers cut at the limit more than at the start, as a share',
    limit: 0.5,
    metrics: ['heldOutTruncated'],
    judge(looks, limit) {
      const start = looks[0]![1]!;
      if (!lastTwo(looks, (share) => share > start + limit)) return null;
      return `${percent(looks.at(-1)![1]!)} of the held-out answers are cut at the limit, ${percent(start)} at the start: penalise a missing end, or raise --max-new-tokens`;
    },
  },
  entropy: {
    about: 'the policy always says the same',
    unit: 'of the entropy at the start, as a share',
    limit: 0.05,
    metrics: ['entropy'],
    judge(looks, limit) {
      if (looks.length < ENTROPY_START + ENTROPY_NOW) return null;
      const values = looks.map(([, entropy]) => entropy!);
      const [start, now] = [mean(values.slice(0, ENTROPY_START)), mean(values.slice(-ENTROPY_NOW))];
      if (now >= limit * start) return null;
      return `the entropy has fallen to ${digits(now)} nats a token from ${digits(start)}: nothing is tried any more, so nothing is learned; lower the learning rate, or raise the KL penalty`;
    },
  },
  kl: {
    about: 'the policy is far from where it began',
    unit: 'nats a sample',
    limit: 50,
    metrics: ['kl'],
    judge(looks, limit) {
      const now = mean(looks.slice(-WINDOW).map(([, kl]) => kl!));
      if (now <= limit) return null;
      return `samples are ${digits(now)} nats from the reference, above ${digits(limit)}: lower the learning rate, or raise the KL penalty`;
    },
  },
};

/**
 * Compares now with the best time of the check. The noise of a number is taken from its differences from look to look,
 * which a slow trend hardly touches (von Neumann, "Distribution of the ratio of the mean square successive difference to
 * the variance", 1941). That a reward can rise while what it stands for falls: Gao et al. 2023, "Scaling laws for reward
 * model overoptimization".
 */
function judgeHacking(looks: readonly Look[], limit: number): string | null {
  if (looks.length < FEWEST) return null;
  const checks = looks.map(([, , check]) => check!);
  const means = windowMeans(checks);
  const rewards = windowMeans(looks.map(([, reward]) => reward!));
  const best = means.indexOf(Math.max(...means));
  const fall = means[best]! - means.at(-1)!;
  const least = Math.max(limit * noise(checks), MATERIAL * Math.abs(means[best]!));
  if (fall <= least || rewards.at(-1)! <= rewards[best]!) return null;
  const [step] = looks[best + 1]!;
  return `since step ${step} the held-out check has fallen from ${digits(means[best]!)} to ${digits(means.at(-1)!)} while the held-out reward rose from ${digits(rewards[best]!)} to ${digits(rewards.at(-1)!)}: the model serves the reward and not what it stands for; add what the check sees to the reward, or raise the KL penalty`;
}

function windowMeans(values: readonly number[]): number[] {
  return values.slice(WINDOW - 1).map((_, i) => mean(values.slice(i, i + WINDOW)));
}

/** Standard deviation of one number around its course. */
function noise(values: readonly number[]): number {
  return Math.sqrt(mean(values.slice(1).map((value, i) => (value - values[i]!) ** 2)) / 2);
}

function lastTwo(looks: readonly Look[], beyond: (value: number) => boolean): boolean {
  return looks.length > 2 && looks.slice(-2).every(([, value]) => beyond(value!));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const digits = (value: number): string => String(Number(value.toPrecision(3)));
const tokens = (length: number): string => `${digits(length)} tokens`;
const percent = (share: number): string => `${Math.round(share * 100)}%`;
