import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryUse } from '../engine/index.js';
import { InputError } from '../io/errors.js';
import { readMetrics, readSamples } from '../train/index.js';
import { writeExamples, writeTinyModel } from './fixtures.js';
import type { Method } from './plan.js';
import { resumeTuning, tune, type TuneOptions } from './run.js';

let folder: string;
let model: string;
let data: readonly string[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'telar-tune-'));
  model = writeTinyModel(folder);
  data = [writeExamples(folder, 80)];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const run = (method: Method, name: string, options: Partial<TuneOptions> = {}) =>
  tune({
    method,
    model,
    data,
    out: at(name),
    steps: 12,
    batchTokens: 100,
    patience: 0,
    command: 'telar tune',
    ...options,
  });
/** Losses of the steps, and of the validation set. */
const losses = (name: string): unknown =>
  readMetrics(at(name)).map(({ step, loss, validationLoss, gradNorm }) => ({ step, loss, validationLoss, gradNorm }));
const weights = (name: string): Buffer =>
  readFileSync(
    at(`${name}/final/${existsSync(at(`${name}/final/config.json`)) ? 'model' : 'adapter_model'}.safetensors`),
  );

const variants: [string, Method, Partial<TuneOptions>][] = [
  ['full', 'full', {}],
  ['muon', 'full', { optimizer: 'muon' }],
  ['lora', 'lora', {}],
  ['dora', 'lora', { dora: true, rslora: true, targetModules: ['attn.q', 'mlp.down'], modulesToSave: ['finalNorm'] }],
  ['bf16', 'lora', { dtype: 'bf16' }],
  ['prompt', 'prompt', { virtualTokens: 4 }],
  ['prefix', 'prefix', { virtualTokens: 3 }],
];

describe('tune', () => {
  it.each(variants)(
    '%s: saved, loaded and continued gives the same losses and weights to the bit',
    async (name, method, options) => {
      const before = memoryUse().buffers;
      const whole = await run(method, `${name}-whole`, options);
      expect(whole.finished).toBe(true);
      const stop = new AbortController();
      const first = await run(method, `${name}-cut`, {
        ...options,
        signal: stop.signal,
        events: { onStep: ({ step }) => void (step === 5 && stop.abort()) },
      });
      expect(first).toMatchObject({ finished: false, step: 5 });
      const second = await resumeTuning({ out: at(`${name}-cut`) });
      expect(second.finished).toBe(true);
      expect(losses(`${name}-cut`)).toEqual(losses(`${name}-whole`));
      expect(weights(`${name}-cut`).equals(weights(`${name}-whole`))).toBe(true);
      expect(memoryUse().buffers).toBe(before);
      const { result } = whole.run;
      expect(result!['validationLoss']).toBeLessThan(Number(result!['validationLossBefore']));
    },
  );

  it('leaves a run directory with everything in it', async () => {
    await run('lora', 'left', { saveEvery: 5 });
    expect(readdirSync(at('left')).sort()).toEqual([
      'checkpoints',
      'final',
      'log.txt',
      'metrics.jsonl',
      'report.html',
      'run.json',
      'samples.jsonl',
    ]);
    expect(readdirSync(at('left/final')).sort()).toEqual([
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(JSON.parse(readFileSync(at('left/final/tokenizer_config.json'), 'utf8')).chat_template).toContain(
      'messages',
    );
    const html = readFileSync(at('left/report.html'), 'utf8');
    expect(html).toContain('What it answers');
    expect(html.slice(0, html.indexOf('</main>'))).not.toMatch(/NaN|undefined|\[object/);
    const [sample] = readSamples(at('left'));
    expect(sample).toMatchObject({ step: 0, prompt: expect.stringMatching(/\d\+\d\+\d=$/) as unknown });
  });

  it('full: writes a model directory with the chat template', async () => {
    await run('full', 'whole', { steps: 2 });
    expect(readdirSync(at('whole/final')).sort()).toEqual([
      'README.md',
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(JSON.parse(readFileSync(at('whole/final/tokenizer_config.json'), 'utf8')).chat_template).toContain(
      'messages',
    );
  });

  it('ends with the best weights when later ones are worse, and stops when patience is over', async () => {
    // Learning by heart what does not help: the validation loss turns.
    const { run: done, step } = await run('full', 'early', {
      steps: 300,
      learningRate: 0.05,
      schedule: 'constant',
      evaluateEvery: 2,
      patience: 3,
    });
    expect(step).toBeLessThan(300);
    expect(done.best!.step).toBe(step - 6);
    expect(existsSync(at(`early/checkpoints/step-${done.best!.step}`))).toBe(true);
    expect(JSON.parse(readFileSync(at('early/run.json'), 'utf8')).best).toEqual(done.best);
    const kept = readFileSync(at(`early/checkpoints/step-${done.best!.step}/model.safetensors`));
    expect(weights('early').equals(kept)).toBe(true);
    const evaluations = readMetrics(at('early')).flatMap(({ validationLoss }) => validationLoss ?? []);
    expect(done.best!.value).toBe(Math.min(...evaluations));
  });

  it('goes on training an adapter, from where its loss was', async () => {
    const first = await run('lora', 'begun', { steps: 20 });
    const second = await run('lora', 'further', { steps: 20, adapter: at('begun/final') });
    expect(second.run.result!['validationLossBefore']).toBe(first.run.result!['validationLoss']);
    expect(second.run.adapter).toEqual(first.run.adapter);
    await expect(run('prompt', 'other', { adapter: at('begun/final') })).rejects.toThrow(/of --method lora/);
  });

  it('gradient checkpointing changes no bit', async () => {
    await run('lora', 'kept', { steps: 3 });
    await run('lora', 'recomputed', { steps: 3, gradientCheckpointing: true });
    expect(losses('recomputed')).toEqual(losses('kept'));
  });

  it('refuses to go on when data or model have changed', async () => {
    const own = mkdtempSync(join(folder, 'own-'));
    const examples = writeExamples(own, 40);
    const stop = new AbortController();
    stop.abort();
    await run('lora', 'changed', { data: [examples], signal: stop.signal });
    writeExamples(own, 41);
    await expect(resumeTuning({ out: at('changed') })).rejects.toThrow(/examples.jsonl has changed/);
  });

  const refused: [Partial<TuneOptions>, RegExp][] = [
    [{ virtualTokens: 4 }, /^--virtual-tokens is for --method prompt or prefix, not for lora$/],
    [{ method: 'full', rank: 4 }, /^--rank is for --method lora, not for full$/],
    [{ method: 'prefix', init: 'random' }, /^--init is for --method prompt, not for prefix$/],
    [{ method: 'prompt', init: 'text' }, /^--init text needs words to begin from: give --init-text$/],
    [{ method: 'prompt', init: 'random', initText: 'a' }, /^--init-text is for --init text, not for random$/],
    [{ method: 'prompt', initText: '' }, /--init-text/],
    [{ method: 'prompt', virtualTokens: 64 }, /no room/],
    [{ optimizer: 'muon' }, /^--optimizer muon is for --method full/],
    [{ targetModules: ['attn.x'] }, /no module attn.x/],
    [{ modulesToSave: ['body'] }, /no module body/],
    [{ steps: 4, epochs: 2 }, /^give one of --epochs, --steps and --minutes$/],
    [{ minutes: 1, steps: 2 }, /^give one of --epochs, --steps and --minutes$/],
    [{ validationFraction: 1 }, /^--validation-fraction must be from 0 to below 1, not 1$/],
    [{ validation: ['x'], validationFraction: 0.2 }, /^give one of --validation and --validation-fraction$/],
    [{ batchTokens: 2 }, /^--batch-tokens 2 is less than the longest example/],
    [{ context: 100 }, /^--context 100 is more than the model takes, 64 tokens$/],
    [{ method: 'full', dtype: 'bf16' }, /^--dtype bf16 is for a frozen base/],
    [{ method: 'full', adapter: 'x' }, /^--adapter goes on with an adapter/],
    [{ adapter: '/nowhere' }, /nowhere/],
    [{ model: '/nowhere' }, /nowhere/],
    [{ data: ['/nowhere.jsonl'] }, /nowhere.jsonl/],
  ];
  it.each(refused)('refuses %o before it makes anything', async (options, message) => {
    const before = memoryUse().buffers;
    const attempt = run(options.method ?? 'lora', 'refused', options);
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toThrow(InputError);
    expect(existsSync(at('refused'))).toBe(false);
    expect(memoryUse().buffers).toBe(before);
  });
});
