/** Feedback on a model's answers: by people, by a model, and how far they agree. */
export {
  type Agreement,
  agreementReport,
  type AgreementReport,
  type AnnotatorSummary,
  cohensKappa,
  type Estimate,
} from './agreement.js';
export { type AiJudge, aiJudge, defaultRubric } from './ai-judge.js';
export { type Answer, type AnswerOptions, type AnswerPair, AnswerSource } from './answers.js';
export { ChatClient, type ChatClientOptions } from './chat-client.js';
export {
  collectFeedback,
  type Collected,
  type CollectOptions,
  type Judge,
  type Judged,
  JudgeFailure,
} from './collect.js';
export { type Judgement, readJudgements } from './judgement.js';
export { FeedbackLog, type FeedbackLogOptions, type Verdict } from './log.js';
