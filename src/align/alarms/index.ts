/** Alarms that end a run which goes wrong. */
export { type AlarmLimits, alarmLimits, Alarms } from './alarms.js';
export { type AlarmName, alarmNames, rules } from './rules.js';
