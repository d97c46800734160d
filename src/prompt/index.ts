/** Prompt files, few-shot selection, and the search for better prompts. */
export { Assessor, type Outcome, type Question } from './assess.js';
export { type Candidate, type CandidatesFile, readCandidatesFile } from './candidates.js';
export { type Example, readExampleFile, readInputFile } from './examples.js';
export { fitPrompt, type FittedPrompt } from './fit.js';
export { optimizePrompt, type OptimizeOptions, type OptimizeResult, type Standing } from './optimize.js';
export { parsePromptFile, type PromptFile, readPromptFile } from './prompt-file.js';
export { renderPrompt } from './render.js';
export { type Embed, exampleSelector, type Selector } from './select.js';
export { METRICS, type MetricName } from './settings.js';
export { checkValues, parseAssignments, type Values } from './values.js';
export { formatPromptFile } from './write-prompt.js';
export { type SearchReport, searchReport, verdict, writeSearch } from './report.js';
export { type Answer, answerQuestions } from './run.js';
export { bootstrap, type Interval, mcnemar, wilson } from './statistics.js';
