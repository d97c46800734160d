/** `telar feedback` */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import {
  type AiJudge,
  aiJudge,
  AnswerSource,
  ChatClient,
  collectFeedback,
  type Collected,
  defaultRubric,
  FeedbackLog,
  type Judge,
  readPrompts,
} from '../align/index.js';
import { loadLanguageModel, modelFolders, type TextOptions } from '../generate/index.js';
import { describeError, InputError } from '../io/errors.js';
import { sha256 } from '../io/files.js';
import { createProgress, type Progress } from '../io/progress.js';
import { ChatTemplate } from '../tokenizer/index.js';
import { summarizeProblems, weightsHash } from '../tune/index.js';
import { configFlag } from './config-file.js';
import { agreementCommand } from './feedback-agreement.js';
import { openKeys } from './feedback-keys.js';
import { personJudge } from './feedback-screen.js';
import { adapterFlag, addSampling, threadsFlag, useThreads } from './flags.js';

interface Flags extends Omit<TextOptions, 'constraint' | 'streams'> {
  model?: string;
  adapter: readonly string[];
  prompts?: string[];
  out?: string;
  annotator?: string;
  judge?: string;
  judgeModel?: string;
  judgeKeyEnv?: string;
  rubric?: string;
  skipBad?: boolean;
  maxTokens: number;
  threads?: number;
  json?: boolean;
}

export function feedbackCommand(): Command {
  const command = new Command('feedback')
    .description("rank a model's answers, two to each prompt, yourself or by another model; telar align learns from it")
    .option('--model <dir>', "model directory, or an adapter's that names its base: whose answers are judged")
    .option(...adapterFlag)
    .option('--prompts <file...>', 'JSON lines or Parquet with "prompt" or "messages"')
    .option('--out <file>', 'JSON lines to which each judgement is added at once; the next sitting goes on there')
    .option('--annotator <name>', 'who judges (with --judge: ai:MODEL)')
    .option(
      '--judge <url>',
      'let a model judge, behind this OpenAI-compatible address, such as http://127.0.0.1:8080/v1',
    )
    .option('--judge-model <name>', 'the name of the model there')
    .option('--judge-key-env <variable>', 'environment variable that holds the key')
    .option('--rubric <file>', 'text that says what makes an answer better (default: helpful, true, harmless)')
    .option('--skip-bad', 'leave out prompts that cannot be used, and say which');
  return addSampling(command)
    .option(...threadsFlag)
    .option(...configFlag)
    .option('--json', 'print one JSON document at the end; all else goes to stderr')
    .addHelpText(
      'after',
      `
Keys: 1 or 2 for the better answer, = for no difference, s to leave a prompt for another time, q to end.

Examples:
  telar feedback --model runs/chat/final --prompts questions.jsonl --out anna.jsonl --annotator anna
  telar feedback --model runs/chat/final --prompts questions.jsonl --out ai.jsonl \\
    --judge https://api.openai.com/v1 --judge-model gpt-4o-mini --judge-key-env OPENAI_API_KEY
  telar feedback agreement anna.jsonl ai.jsonl
  telar align --method dpo --model runs/chat/final --data anna.jsonl --out runs/dpo`,
    )
    .enablePositionalOptions() // flags behind `agreement` are its own
    .addCommand(agreementCommand())
    .action(runFeedback);
}

async function runFeedback(flags: Flags): Promise<void> {
  const { judge: url } = flags;
  const out = needed(flags.out, '--out FILE.jsonl: where the judgements are kept');
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  const client = url === undefined ? null : clientOf(flags, url, controller.signal);
  const annotator = client
    ? (flags.annotator ?? `ai:${flags.judgeModel!}`)
    : needed(flags.annotator, '--annotator NAME: who judges');
  const rubric = flags.rubric === undefined ? defaultRubric : readRubric(flags.rubric);
  const { answers, prompts, log } = await open(flags, out, annotator);

  const screen = flags.json ? process.stderr : process.stdout;
  const progress = client ? createProgress({ json: flags.json ?? false }) : null;
  const keys = client ? null : openKeys(process.stdin, interrupt);
  const ai: AiJudge | null = client && aiJudge(client, rubric);
  const judge: Judge = ai ?? personJudge(keys!, (text) => screen.write(text));
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  let collected: Collected;
  try {
    if (keys) screen.write('answering the first prompts ...\n');
    const onProgress = progress && ((state: Collected) => show(progress, state));
    const options = { prompts, answers, judge, log, order: `${flags.seed} ${annotator}`, signal: controller.signal };
    collected = await collectFeedback({ ...options, ...(onProgress && { onProgress }) });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    progress?.done();
    keys?.close();
    log.close();
  }
  const consistent = ai?.consistent;
  if (flags.json) console.log(JSON.stringify({ out, annotator, ...collected, consistent }));
  else console.log(summary(collected, consistent, out));
  if (collected.failed > 0) process.exitCode = 1;
  if (controller.signal.aborted) process.exitCode = 130;
}

async function open(flags: Flags, out: string, annotator: string) {
  const path = needed(flags.model, '--model DIR: whose answers are judged');
  const files = needed(flags.prompts, '--prompts FILE: what is asked');
  useThreads(flags.threads);
  const { temperature, topK, topP, minP, repetitionPenalty, seed, stop = [] } = flags;
  const folders = modelFolders(path, flags.adapter);
  const lm = loadLanguageModel(path, { adapters: flags.adapter });
  const room = lm.model.config.context - lm.model.virtualTokens.length;
  const maxTokens = Math.min(flags.maxTokens, room >> 1);
  const sampling = { temperature, topK, topP, minP, repetitionPenalty, seed, stop, maxTokens } as TextOptions;
  const template = ChatTemplate.load(folders.tokenizer);
  const answers = new AnswerSource({ ...lm, template, sampling });
  const options = { tokenizer: lm.tokenizer, template, context: room - maxTokens, skipBad: flags.skipBad ?? false };
  const { prompts, problems } = await readPrompts(files, options);
  for (const line of summarizeProblems(problems)) console.error(`left out: ${line}`);
  const hashes = [folders.base, ...folders.adapters].map(weightsHash);
  const model = { path, sha256: hashes.length === 1 ? hashes[0]! : sha256(hashes.join('\n')) };
  const log = await FeedbackLog.open(out, { annotator, model, sampling: { ...sampling } });
  return { answers, prompts, log };
}

function clientOf(flags: Flags, url: string, signal: AbortSignal): ChatClient {
  const model = needed(flags.judgeModel, '--judge-model NAME: the model that judges');
  const { judgeKeyEnv } = flags;
  const key = judgeKeyEnv === undefined ? undefined : process.env[judgeKeyEnv];
  if (judgeKeyEnv !== undefined && !key)
    throw new InputError(`the environment variable ${judgeKeyEnv} of --judge-key-env is empty or not set`);
  return new ChatClient({ url, model, key, signal });
}

function needed<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new InputError(`give ${what}`);
  return value;
}

function readRubric(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  if (text.trim() === '') throw new InputError(`${path}: the rubric is empty`);
  return text;
}

function show(progress: Progress, { prompts, before, judged, ties, alike, failed, skipped }: Collected): void {
  const facts = [
    { label: 'ties', value: String(ties) },
    ...(failed > 0 ? [{ label: 'failed', value: String(failed) }] : []),
  ];
  const done = judged + alike + failed + skipped;
  progress.update({ title: 'judging', done, total: prompts - before, unit: 'prompts', facts });
}

function summary(collected: Collected, consistent: number | undefined, out: string): string {
  const { prompts, before, judged, ties, skipped, alike, failed, reason } = collected;
  const left = prompts - before - judged - alike;
  return [
    `${out}: ${judged} judged${ties > 0 ? `, ${ties} of them ties` : ''}${before > 0 ? `, besides ${before} before` : ''}; ${left} of ${prompts} prompts left`,
    ...(consistent === undefined || judged === 0
      ? []
      : [`the judge said the same in both orders for ${consistent} of ${judged}`]),
    ...(skipped > 0 ? [`${skipped} skipped: they will be asked again`] : []),
    ...(alike > 0 ? [`${alike} left out: the model gave no two different answers`] : []),
    ...(failed > 0 ? [`${failed} not judged: ${reason ?? ''}`] : []),
  ].join('\n');
}
