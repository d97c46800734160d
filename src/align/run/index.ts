/** Alignment from feedback to a model or an adapter. */
export { type AlignRun, readAlignRun } from './align-run.js';
export { align, type AlignOptions, type AlignResult, resumeAlignment } from './run.js';
export { settingsOf } from './settings.js';
