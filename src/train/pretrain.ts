/**
 * Pretraining from files of text to a finished model: corpus, tokenizer, shards, training, final evaluation, each leaving
 * what it made in the run directory.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { corpusFolder, type OpenShards } from '../corpus/index.js';
import { kernels } from '../engine/index.js';
import { InputError } from '../io/errors.js';
import { writeAtomic } from '../io/files.js';
import { initializeTransformer, saveTransformer } from '../model/index.js';
import { byteTokenizer, loadTokenizer, saveTokenizer, type Tokenizer } from '../tokenizer/index.js';
import { describeMachine } from './machine.js';
import { checkMemory } from './memory.js';
import { makePlan, type PlanOptions } from './plan.js';
import { pretrainSession } from './pretrain-session.js';
import { readRun, type RunDescription } from './pretrain-run.js';
import { corpusOf, datasheetOf, openRunShards, prepareText } from './prepare.js';
import { readRunReport } from './report-data.js';
import { renderReport } from './report.js';
import { makeRunDirectory, writeRun } from './run-directory.js';
import type { SessionEvents } from './session.js';

export interface PretrainOptions extends PlanOptions {
  /** Files and folders of text, or one folder that `telar corpus` made. */
  paths: readonly string[];
  /** Run directory. */
  out: string;
  tokenizer?: 'bpe' | 'byte';
  /** Vocabulary of the BPE tokenizer. Default 4096. */
  vocab?: number;
  /** One of these says how long to train; default 10 minutes. */
  minutes?: number;
  tokens?: number;
  steps?: number;
  seed?: number;
  /** A checkpoint at every multiple of so many steps, besides one every two minutes. */
  saveEvery?: number;
  /** The command line, for the record. */
  command: string;
  events?: SessionEvents;
  signal?: AbortSignal;
}

export interface PretrainResult {
  out: string;
  /** False when the signal ended the run early; a checkpoint was saved then. */
  finished: boolean;
  step: number;
  run: RunDescription;
}

/**
 * Starts a run.
 * @throws InputError for unusable text, sizes or folders; RunError when training diverges or a disk is full
 */
export async function pretrain(options: PretrainOptions): Promise<PretrainResult> {
  const start = performance.now();
  const { out } = options;
  checkBudget(options);
  const corpus = corpusOf(options.paths);
  const vocab =
    corpus !== null
      ? loadTokenizer(corpusFolder(corpus).tokenizer).vocabSize
      : options.tokenizer === 'byte'
        ? byteTokenizer().vocabSize
        : (options.vocab ?? 4096);
  checkMemory(makePlan({ vocabSize: vocab, bos: null, eos: null }, options));
  makeRunDirectory(out);
  const text = await prepareText(options);
  const { tokenizer, kind, shards } = text;
  const plan = makePlan(tokenizer, options);
  const batchTokens = plan.rowsPerBatch * plan.accumulate * plan.model.context;
  const steps =
    options.steps ?? (options.tokens === undefined ? null : Math.max(1, Math.round(options.tokens / batchTokens)));
  const run: RunDescription = {
    version: 1,
    command: options.command,
    created: new Date().toISOString(),
    seed: options.seed ?? 0,
    threads: kernels.threads(),
    model: plan.model,
    tokenizer: { kind, vocabSize: tokenizer.vocabSize, hash: tokenizer.hash },
    data: {
      corpus: text.corpus,
      inputs: text.inputs.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
      documents: text.documents,
      trainTokens: shards.train.tokens,
      trainBytes: shards.train.textBytes,
      heldOutTokens: shards.heldOut.tokens,
      heldOutBytes: shards.heldOut.textBytes,
    },
    training: {
      optimizer: plan.optimizer,
      schedule: { warmupSteps: 0, finalFraction: 0, ...plan.schedule },
      rowsPerBatch: plan.rowsPerBatch,
      accumulate: plan.accumulate,
      batchTokens,
      minutes: steps === null ? (options.minutes ?? 10) : null,
      steps,
      tokens: steps === null ? null : steps * batchTokens,
    },
    machine: describeMachine(),
  };
  writeRun(out, run);
  return execute(run, tokenizer, shards, options, false, (performance.now() - start) / 1000);
}

/** Goes on with the run in `out` from its newest sound checkpoint, as if it had not been stopped. */
export async function resumePretraining(
  options: Pick<PretrainOptions, 'out' | 'saveEvery' | 'events' | 'signal'>,
): Promise<PretrainResult> {
  const run = readRun(options.out);
  if (run.result && existsSync(join(options.out, 'final')))
    return { out: options.out, finished: true, step: Number(run.result['steps']), run };
  const tokenizer = loadTokenizer(join(options.out, 'tokenizer'));
  if (tokenizer.hash !== run.tokenizer.hash)
    throw new InputError(`${join(options.out, 'tokenizer')} is not the tokenizer that the run began with`);
  return execute(run, tokenizer, openRunShards(options.out, run.data.corpus), options, true, 0);
}

async function execute(
  run: RunDescription,
  tokenizer: Tokenizer,
  shards: OpenShards,
  options: Pick<PretrainOptions, 'out' | 'saveEvery' | 'events' | 'signal'>,
  resume: boolean,
  secondsBefore: number,
): Promise<PretrainResult> {
  const { out, events = {}, signal } = options;
  const model = initializeTransformer(run.model, run.seed);
  const { session, finish } = pretrainSession({
    run,
    out,
    model,
    tokenizer,
    shards,
    events,
    secondsBefore,
    ...(options.saveEvery !== undefined && { saveEvery: options.saveEvery }),
    ...(signal && { signal }),
  });
  try {
    if (resume) session.restore();
    const finished = await session.train();
    if (finished) {
      await finish();
      const card = modelCard(run) + datasheetOf(run.data.corpus);
      saveTransformer(model, join(out, 'final'), {
        modelCard: card,
        addFiles: (folder) => saveTokenizer(tokenizer, folder),
      });
    }
    writeAtomic(join(out, 'report.html'), renderReport(readRunReport(out)));
    return { out, finished, step: session.step, run };
  } finally {
    session.close();
    shards.close();
    model.dispose();
  }
}

function checkBudget({ minutes, tokens, steps, schedule }: PretrainOptions): void {
  if ([minutes, tokens, steps].filter((value) => value !== undefined).length > 1)
    throw new InputError('give one of --minutes, --tokens and --steps');
  if (tokens === undefined && steps === undefined && schedule === 'cosine')
    throw new InputError('a cosine schedule must know its end: give --tokens or --steps');
}

function modelCard({ model, data, training, result }: RunDescription): string {
  const facts = ['bitsPerByte', 'heldOutLoss', 'steps', 'tokens', 'epochs']; // nothing of the clock: equal runs, equal cards
  const figures = Object.entries(result ?? {})
    .filter(([name]) => facts.includes(name))
    .map(([name, value]) => `| ${name} | ${value} |`);
  return `---
library_name: transformers
tags: [telar]
---
# A base model trained from nothing

It continues text; it does not follow instructions, and what it says need not be true.

Trained on ${data.documents} documents (${data.trainBytes} bytes), ${training.tokens} tokens seen, ${model.layers} layers of width ${model.width}.

| figure | value |
| --- | --- |
${figures.join('\n')}
`;
}
