/** Watches the numbers of a run with all rules, and gives the first alarm. */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import type { Alarm, Numbers, Watch } from '../../train/index.js';
import { type AlarmName, alarmNames, type Look, rules } from './rules.js';

/** The limit of each alarm that is on. */
export type AlarmLimits = Partial<Record<AlarmName, number>>;

const stateSchema = z.strictObject({
  looks: z.record(z.string(), z.array(z.array(z.number()))),
  alarm: z.strictObject({ name: z.string(), reason: z.string() }).nullable(),
});

/** Looks that are kept of each rule: the first, which say where the run began, and the newest. */
const [KEPT_FIRST, KEPT] = [8, 256];

export class Alarms implements Watch {
  private readonly limits: AlarmLimits;
  private looks: Record<string, Look[]> = {};
  private first: Alarm | null = null;

  constructor(limits: AlarmLimits) {
    this.limits = limits;
  }

  get alarm(): Alarm | null {
    return this.first;
  }

  see(step: number, numbers: Numbers): void {
    for (const name of alarmNames) {
      const limit = this.limits[name];
      const { metrics, judge } = rules[name];
      const values = metrics.map((metric) => numbers[metric]);
      if (limit === undefined || !values.every((value) => value !== undefined && Number.isFinite(value))) continue;
      const looks = (this.looks[name] ??= []);
      looks.push([step, ...(values as number[])]);
      if (looks.length > KEPT) looks.splice(KEPT_FIRST, 1);
      const reason = judge(looks, limit);
      if (reason !== null) this.first ??= { name, reason };
    }
  }

  state(): unknown {
    const looks = Object.entries(this.looks).map(([name, rows]) => [name, [...rows]]);
    return { looks: Object.fromEntries(looks) as unknown, alarm: this.first };
  }

  /** @throws InputError for what is not a state */
  restore(state: unknown): void {
    const { data, error } = stateSchema.safeParse(state);
    if (error) throw new InputError('the checkpoint holds no valid state of the alarms: continue from another one');
    this.looks = data.looks;
    this.first = data.alarm;
  }
}

/**
 * The limits of a run: the defaults with what `--alarm name=limit` and `--alarm name=off` change.
 * @throws InputError for what is not such a text
 */
export function alarmLimits(changes: readonly string[] = []): AlarmLimits {
  const limits: AlarmLimits = Object.fromEntries(alarmNames.map((name) => [name, rules[name].limit]));
  for (const change of changes) {
    const [key, value = ''] = change.split('=');
    const name = alarmNames.find((one) => one === key);
    if (name === undefined)
      throw new InputError(`--alarm ${change}: there is no alarm ${key}; there are ${alarmNames.join(', ')}`);
    if (value === 'off') delete limits[name];
    else if (value.trim() !== '' && Number(value) > 0 && Number.isFinite(Number(value))) limits[name] = Number(value);
    else throw new InputError(`--alarm ${change}: write ${name}=off, or a number of ${rules[name].unit}, above 0`);
  }
  return limits;
}
