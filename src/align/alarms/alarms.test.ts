import { describe, expect, it } from 'vitest';
import { Random } from '../../io/hash-random.js';
import type { Numbers } from '../../train/index.js';
import { alarmLimits, Alarms } from './alarms.js';
import type { AlarmName } from './rules.js';

/** Step of the first alarm of a course of numbers, with its name; null without any. */
function alarmOf(course: readonly Numbers[], limits = alarmLimits()): { name: string; step: number } | null {
  const alarms = new Alarms(limits);
  for (const [step, numbers] of course.entries()) {
    alarms.see(step, numbers);
    if (alarms.alarm) return { name: alarms.alarm.name, step };
  }
  return null;
}

const course = (count: number, at: (i: number, random: Random) => Numbers, seed = 0): Numbers[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => at(i, random));
};

/** A run that learns well, with the noise of small batches. */
const healthy = (i: number, random: Random): Numbers => ({
  heldOutReward: i / 10 + 0.3 * random.normal(),
  check: 0.5 + 0.1 * random.normal(),
  heldOutLength: 30 * (1 + 0.006 * i) * (1 + 0.08 * random.normal()),
  heldOutRepetition: Math.max(0, 0.1 + 0.05 * random.normal()),
  heldOutTruncated: Math.min(1, Math.max(0, 0.4 + 0.12 * random.normal())),
  entropy: Math.max(0.2, 3 - i / 20 + 0.3 * random.normal()),
  kl: Math.max(0, i / 5 + 5 * random.normal()),
});

describe('Alarms', () => {
  it('are silent in runs that learn, however noisy', () => {
    const alarms = Array.from({ length: 400 }, (_, seed) => alarmOf(course(60, healthy, seed)));
    expect(alarms.filter((alarm) => alarm !== null)).toEqual([]);
  });

  it('are rare where numbers are nothing but noise', () => {
    const noise = (_: number, random: Random): Numbers => ({ heldOutReward: random.normal(), check: random.normal() });
    const alarms = Array.from({ length: 1000 }, (_, seed) => alarmOf(course(40, noise, seed)));
    expect(alarms.filter((alarm) => alarm !== null).length).toBeLessThan(10);
  });

  const sick: [AlarmName, (i: number, random: Random) => Numbers, number][] = [
    // Better until look 10, then the reward is hacked.
    ['hacking', (i, random) => ({ heldOutReward: i / 10, check: 1 - Math.abs(i - 10) / 10 + 0.05 * random.normal() }), 20], // prettier-ignore
    ['hacking', (i) => ({ heldOutReward: i, check: -i }), 8],
    ['length', (i, random) => ({ heldOutLength: 20 + 3 * i + 2 * random.normal() }), 12],
    ['repetition', (i) => ({ heldOutRepetition: 0.2 + 0.05 * i }), 9],
    ['truncation', (i) => ({ heldOutTruncated: Math.min(1, 0.1 * i) }), 8],
    ['entropy', (i, random) => ({ entropy: 3 * 0.9 ** i + 0.01 * Math.abs(random.normal()) }), 45],
    ['kl', (i, random) => ({ kl: 4 * i + 3 * random.normal() }), 16],
    ['kl', (i) => ({ kl: i === 0 ? 0 : 2000 }), 1],
  ];
  it.each(sick)('%s fires when it should', (name, numbers, before) => {
    for (const seed of [1, 2, 3]) {
      const alarm = alarmOf(course(80, numbers, seed));
      expect(alarm?.name).toBe(name);
      expect(alarm!.step).toBeLessThanOrEqual(before);
    }
  });

  it('of one bad look there is none', () => {
    const looks = course(40, healthy, 1);
    looks[20] = { ...looks[20], check: -3, heldOutLength: 500, heldOutRepetition: 1, heldOutTruncated: 1, kl: 90 };
    expect(alarmOf(looks)).toBeNull();
  });

  it('a check that falls by next to nothing is none, nor one that falls together with the reward', () => {
    expect(alarmOf(course(40, (i) => ({ heldOutReward: i, check: 1 - i / 1000 })))).toBeNull();
    expect(alarmOf(course(40, (i) => ({ heldOutReward: -i, check: -i })))).toBeNull();
  });

  it('short answers may grow', () => {
    expect(alarmOf(course(20, (i) => ({ heldOutLength: 1 + i / 2 })))).toBeNull();
  });

  it('goes on from its state as if it had never stopped, with any number of looks', () => {
    const looks = course(600, (i, random) => ({ ...healthy(i % 60, random), kl: 0.1 * i, heldOutLength: 20 }), 3);
    const whole = alarmOf(looks);
    expect(whole?.name).toBe('kl');
    let alarms = new Alarms(alarmLimits());
    let step = 0;
    for (; !alarms.alarm; step++) {
      const kept = JSON.stringify(alarms.state());
      expect(kept.length).toBeLessThan(100_000);
      alarms = new Alarms(alarmLimits());
      alarms.restore(JSON.parse(kept));
      alarms.see(step, looks[step]!);
    }
    expect(step - 1).toBe(whole!.step);
    const ended = new Alarms(alarmLimits());
    ended.restore(alarms.state());
    expect(ended.alarm).toEqual(alarms.alarm);
    expect(() => ended.restore({ looks: 3 })).toThrow(/no valid state of the alarms/);
  });

  it('a state does not change with what is seen after it', () => {
    const alarms = new Alarms(alarmLimits());
    alarms.see(1, { kl: 1 });
    const state = JSON.stringify(alarms.state());
    const held = alarms.state();
    alarms.see(2, { kl: 2 });
    expect(JSON.stringify(held)).toBe(state);
  });

  it('says what happened and what to do', () => {
    const alarms = new Alarms(alarmLimits());
    for (let i = 0; i < 10; i++) alarms.see(i * 5, { heldOutReward: i, check: 1 - i / 10 });
    expect(alarms.alarm!.reason).toBe(
      'since step 5 the held-out check has fallen from 0.9 to 0.5 while the held-out reward rose from 1 to 5: the model serves the reward and not what it stands for; add what the check sees to the reward, or raise the KL penalty',
    );
  });
});

describe('alarmLimits', () => {
  it('changes limits and turns alarms off', () => {
    expect(alarmLimits(['kl=7', 'entropy=off'])).toEqual({ ...alarmLimits(['entropy=off']), kl: 7 });
    expect(
      alarmOf(
        course(9, (i) => ({ kl: i })),
        alarmLimits(['kl=3']),
      ),
    ).toEqual({ name: 'kl', step: 5 });
    expect(
      alarmOf(
        course(9, (i) => ({ kl: 100 * i })),
        alarmLimits(['kl=off']),
      ),
    ).toBeNull();
  });

  it('refuses what it does not know', () => {
    expect(() => alarmLimits(['boredom=1'])).toThrow(/no alarm boredom; there are hacking, length/);
    for (const wrong of ['kl', 'kl=', 'kl=-1', 'kl=much', 'kl=0'])
      expect(() => alarmLimits([wrong]), wrong).toThrow(/write kl=off, or a number of nats a sample, above 0/);
  });
});
