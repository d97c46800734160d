/** Making a model better by feedback: preferences, reward models, direct and online methods. */
export * from './direct/index.js';
export { type Alarm, type Method, type MethodParts, methods } from './method.js';
export { Policy } from './policy.js';
export * from './preferences/index.js';
export * from './reward-model/index.js';
export * from './rewards/index.js';
