/** Making a model better by feedback: preferences, reward models, direct and online methods. */
export { type AlarmName, alarmNames, rules as alarmRules } from './alarms/index.js';
export * from './direct/index.js';
export { type Method, type MethodParts, methods } from './method.js';
export { Policy } from './policy.js';
export * from './preferences/index.js';
export * from './reward-model/index.js';
export * from './rewards/index.js';
export {
  align,
  type AlignOptions,
  type AlignResult,
  type AlignRun,
  readAlignRun,
  resumeAlignment,
} from './run/index.js';
