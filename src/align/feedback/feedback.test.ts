import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { folder } from '../../corpus/read/fixtures.js';
import { InputError, RunError } from '../../io/errors.js';
import { Random } from '../../io/hash-random.js';
import { initializeTransformer, newModelConfig } from '../../model/index.js';
import { byteTokenizer } from '../../tokenizer/index.js';
import { encodePrompt, type Prompt, type PromptExample, readPreferences } from '../preferences/index.js';
import { readVerdict } from './ai-judge.js';
import {
  agreementReport,
  aiJudge,
  type AnswerPair,
  AnswerSource,
  ChatClient,
  cohensKappa,
  collectFeedback,
  FeedbackLog,
  type Judge,
  JudgeFailure,
  type Judgement,
  readJudgements,
} from './index.js';

const { root, put } = folder();
const tokenizer = byteTokenizer();
const encoding = { tokenizer, template: null, context: 96 };
const asked = (...prompts: Prompt[]): PromptExample[] =>
  prompts.map((prompt) => ({ prompt, tokens: encodePrompt(encoding, prompt), record: {}, where: 'here' }));
const pairOf = (prompt: Prompt, a: string, b: string): AnswerPair => ({
  prompt,
  answers: [
    { text: a, truncated: false },
    { text: b, truncated: true },
  ],
});

describe('AnswerSource', () => {
  const config = newModelConfig('llama', {
    vocabSize: tokenizer.vocabSize,
    context: 128,
    layers: 1,
    width: 16,
    heads: 2,
  });
  const model = initializeTransformer(config, 1);
  afterAll(() => model.dispose());
  const source = (sampling = {}): AnswerSource =>
    new AnswerSource({ model, tokenizer, template: null, sampling: { maxTokens: 8, temperature: 1, ...sampling } });
  const chat: Prompt = [{ role: 'user', content: 'Sea?' }];

  it('draws two different answers that depend on the prompt alone', async () => {
    const together = await source().draw(asked('Sky?', chat, 'Sun?'));
    const alone = await source().draw(asked('Sun?'));
    expect(alone[0]).toEqual(together[2]);
    expect((await source().draw(asked(chat)))[0]).toEqual(together[1]);
    for (const pair of together) {
      const [a, b] = pair!.answers;
      expect(a.text.trim()).not.toBe(b.text.trim());
      expect(a.truncated).toBe(true);
    }
    expect(await source({ seed: 1 }).draw(asked('Sun?'))).not.toEqual(alone);
  });

  it('gives up where there are no two, and refuses where there cannot be', async () => {
    expect(await source({ topK: 1 }).draw(asked('Sky?'))).toEqual([null]);
    expect(() => source({ temperature: 0 })).toThrow(InputError);
    expect(await source().draw(asked('Sky?'), AbortSignal.abort())).toEqual([null]);
  });
});

describe('collectFeedback', () => {
  const model = { path: 'model', sha256: 'abc' };
  const open = (path: string, annotator = 'anna'): Promise<FeedbackLog> =>
    FeedbackLog.open(path, { annotator, model, sampling: {} });
  const answers = {
    draw: async (prompts: readonly PromptExample[]) =>
      prompts.map(({ prompt }) => (prompt === 'alike' ? null : pairOf(prompt, 'aaa', 'bbb'))),
  };
  const collect = (log: FeedbackLog, judge: Judge['judge'], prompts: string[], atOnce = 1) =>
    collectFeedback({
      prompts: asked(...prompts),
      answers,
      log,
      batch: 2,
      order: '0 anna',
      judge: { atOnce, judge },
      signal: new AbortController().signal,
    });
  const prompts = Array.from({ length: 40 }, (_, i) => `p${i}`);

  it('shows either answer first, and writes what was meant', async () => {
    const path = join(root, 'order.jsonl');
    const log = await open(path);
    const shown: string[] = [];
    const state = await collect(
      log,
      async ({ answers: [first] }) => {
        shown.push(first.text);
        return { verdict: first.text === 'bbb' ? 'first' : 'second' };
      },
      [...prompts, 'p0', 'alike'],
    );
    log.close();
    expect(state).toMatchObject({ prompts: 41, judged: 40, alike: 1, finished: true });
    const firsts = shown.filter((text) => text === 'aaa').length;
    expect(firsts).toBeGreaterThan(10);
    expect(firsts).toBeLessThan(30);
    const { judgements } = await readJudgements([path]);
    expect(judgements.every(({ answers }) => answers[0] === 'bbb')).toBe(true);
    expect(judgements[0]).toMatchObject({ annotator: 'anna', model: 'abc', where: `${path}:1` });
    expect(JSON.parse(readFileSync(path, 'utf8').split('\n')[0]!)).toMatchObject({ cut: [true, false] });
    const other = await open(path, 'ben');
    expect([other.has('p0'), (await open(path)).has('p0')]).toEqual([false, true]);
  });

  it('goes on after a failure, never writes one, and stops where all fail', async () => {
    const path = join(root, 'failures.jsonl');
    const log = await open(path);
    let calls = 0;
    const state = await collect(
      log,
      async () => {
        if (++calls % 3 === 0) throw new JudgeFailure('tired');
        return { verdict: 'tie' };
      },
      prompts,
      4,
    );
    expect(state).toMatchObject({ judged: 27, ties: 27, failed: 13, reason: 'tired', finished: true });
    expect(log.has('p39')).toBe(true);
    await expect(
      collect(
        log,
        async () => {
          throw new JudgeFailure('asleep');
        },
        prompts,
      ),
    ).rejects.toThrow('5 times in a row, at last because asleep');
    log.close();
    expect((await readJudgements([path])).judgements).toHaveLength(27);
    await expect(readPreferences([path], encoding)).rejects.toThrow('all judgements are ties');
  });

  it('keeps a whole last line without its end, and refuses a file of something else', async () => {
    const record = '{"prompt":"p","chosen":"a","rejected":"b","annotator":"anna","model":{"sha256":"abc"}}';
    const path = put('whole.jsonl', record);
    const log = await open(path);
    log.append(pairOf('q', 'a', 'b'), 'tie');
    log.close();
    expect((await readJudgements([path])).judgements.map(({ tie }) => tie)).toEqual([false, true]);
    await expect(open(put('other.jsonl', '{"text":"a"}\n'))).rejects.toThrow('other.jsonl:1');
    await expect(open(put('nobody.jsonl', '{"prompt":"p","chosen":"a","rejected":"b"}\n'))).rejects.toThrow(
      'annotator',
    );
    await expect(open(join(root, 'a.txt'))).rejects.toThrow('.jsonl');
  });

  it('reads any judgement back as it was', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((s) => s.trim() !== '');
    const path = join(root, 'any.jsonl');
    const log = await open(path);
    const written: [string, string, string, boolean][] = [];
    fc.assert(
      fc.property(text, text, text, fc.constantFrom('first', 'second', 'tie'), (prompt, a, b, verdict) => {
        fc.pre(a !== b);
        log.append(pairOf(prompt, a, b), verdict);
        written.push(verdict === 'second' ? [prompt, b, a, false] : [prompt, a, b, verdict === 'tie']);
      }),
    );
    log.close();
    const { judgements } = await readJudgements([path]);
    expect(judgements.map(({ prompt, answers, tie }) => [prompt, ...answers, tie])).toEqual(written);
  });
});

describe('agreement', () => {
  it('gives kappa by hand', () => {
    // Agree on 35 of 50; by chance 0.5 * 0.6 + 0.5 * 0.4.
    const { observed, expected, kappa } = cohensKappa([
      [20, 5],
      [10, 15],
    ]);
    expect([observed!.value, expected, kappa!.value]).toEqual([0.7, 0.5, expect.closeTo(0.4, 12)]);
    // The example of Cohen (1960): 0.70 observed, 0.41 by chance.
    expect(
      cohensKappa([
        [88, 14, 18],
        [10, 40, 10],
        [2, 6, 12],
      ]).kappa!.value,
    ).toBeCloseTo((0.7 - 0.41) / 0.59, 12);
    expect(cohensKappa([[5]])).toMatchObject({ observed: { value: 1 }, kappa: null });
    expect(cohensKappa([[0]])).toEqual({ observed: null, expected: null, kappa: null });
  });

  const judged = (annotator: string, prompt: string, [a, b]: [string, string], tie = false): Judgement => ({
    annotator,
    prompt,
    answers: [a, b],
    tie,
    model: null,
    where: '',
  });

  it('counts by content, whichever answer stands first, the last word of each', () => {
    const report = agreementReport([
      judged('anna', 'p', ['x', 'y']),
      judged('anna', 'q', ['y', 'x']),
      judged('anna', 'r', ['x', 'y'], true),
      judged('anna', 's', ['x', 'y']),
      judged('anna', 'only anna', ['x', 'y']),
      judged('ben', 'p', ['x', 'y']),
      judged('ben', 'q', ['x', 'y']),
      judged('ben', 'r', ['y', 'x'], true),
      judged('ben', 's', ['y', 'x']),
      judged('ben', 's', ['x', 'y']), // he thought again
      judged('cleo', 'p', ['x', 'z']),
    ]);
    expect(report.annotators).toEqual([
      { name: 'anna', judged: 5, ties: 1 },
      { name: 'ben', judged: 4, ties: 1 },
      { name: 'cleo', judged: 1, ties: 0 },
    ]);
    // 3 of 4 agree; by chance 3/8 * 3/8 twice and 1/4 * 1/4.
    const chance = 2 * (3 / 8) ** 2 + 1 / 16;
    const [both, none] = report.agreement;
    expect(both).toMatchObject({ annotators: ['anna', 'ben'], pairs: 4, observed: { value: 0.75 } });
    expect(both!.kappa!.value).toBeCloseTo((0.75 - chance) / (1 - chance), 12);
    expect(none).toEqual({ annotators: ['anna', 'cleo'], pairs: 0, observed: null, expected: null, kappa: null });
  });

  it('does not depend on which answer is called the first', () => {
    const verdict = fc.tuple(fc.constantFrom(0, 1, 2), fc.constantFrom(0, 1, 2), fc.boolean());
    fc.assert(
      fc.property(fc.array(verdict, { minLength: 1, maxLength: 30 }), (verdicts) => {
        const report = (turn: boolean) =>
          agreementReport(
            verdicts.flatMap(([a, b, turned], i) => {
              const texts: [string, string] = turn && turned ? ['y', 'x'] : ['x', 'y'];
              const record = (name: string, v: number): Judgement =>
                judged(name, `p${i}`, v === 1 ? [texts[1], texts[0]] : texts, v === 2);
              return [record('a', a), record('b', b)];
            }),
          ).agreement[0];
        expect(report(true)).toEqual(report(false));
      }),
    );
  });

  it('has intervals that hold the truth 19 times of 20', () => {
    // Two who each say what is so with 0.9: agreement 0.82, kappa 0.64.
    const random = new Random(5);
    const trials = 400;
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      const all = Array.from({ length: 60 }, (_, i) =>
        ['a', 'b'].map((name) => judged(name, `p${i}`, random.uniform() < 0.9 ? ['x', 'y'] : ['y', 'x'])),
      );
      const { kappa } = agreementReport(all.flat()).agreement[0]!;
      if (kappa!.low <= 0.64 && 0.64 <= kappa!.high) held++;
    }
    expect(held / trials).toBeGreaterThan(0.92);
    expect(held / trials).toBeLessThan(0.985);
  });
});

describe('a model as judge', () => {
  it('reads the last verdict that stands alone', () => {
    expect(
      [
        'It is right.\nverdict: 1',
        '**Verdict:** 2',
        'VERDICT: Tie.',
        'verdict: answer 2',
        'verdict: 1\nno,\nverdict: 2',
      ]
        .map(readVerdict)
        .join(' '),
    ).toBe('first second tie second second');
    for (const reply of ['', '1', 'verdict: 12', 'verdict: 1 or 2', 'my verdict: 1 is better', 'verdict: 3'])
      expect(readVerdict(reply), reply).toBeNull();
  });

  it('counts only what it says in both orders', async () => {
    const ask = (reply: (text: string) => string) =>
      aiJudge({ address: 'http://a', complete: async ([, user]) => reply(user!.content) }, 'rubric').judge(
        pairOf('p', 'good', 'bad'),
        { number: 1, of: 1 },
      );
    const place = (text: string): number => (text.indexOf('good') < text.indexOf('bad') ? 1 : 2);
    expect(await ask((text) => `verdict: ${place(text)}`)).toMatchObject({
      verdict: 'first',
      facts: { sameInBothOrders: true },
    });
    expect(await ask((text) => `verdict: ${3 - place(text)}`)).toMatchObject({ verdict: 'second' });
    expect(await ask(() => 'verdict: 2')).toMatchObject({ verdict: 'tie', facts: { sameInBothOrders: false } });
    expect(await ask((text) => (place(text) === 1 ? 'verdict: 1' : 'verdict: tie'))).toMatchObject({ verdict: 'tie' });
    await expect(ask((text) => (place(text) === 1 ? 'verdict: 1' : 'no idea'))).rejects.toThrow(JudgeFailure);
  });
});

describe('ChatClient', () => {
  type Reply = { status: number; body?: string; headers?: Record<string, string> } | 'hang' | 'cut';
  const replies: Reply[] = [];
  const bodies: Record<string, unknown>[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let text = '';
    request.on('data', (more: Buffer) => (text += more.toString()));
    request.on('end', () => {
      bodies.push({ url: request.url, ...(JSON.parse(text) as object) });
      const reply = replies.shift() ?? { status: 200 };
      if (reply === 'hang') return;
      if (reply === 'cut') request.socket.destroy();
      else {
        response.writeHead(reply.status, reply.headers);
        response.end(reply.body ?? JSON.stringify({ choices: [{ message: { content: 'yes' } }] }));
      }
    });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const listening = new Promise<string>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
  const ask = async (given: Reply[], more = {}): Promise<string> => {
    replies.splice(0, replies.length, ...given);
    bodies.length = 0;
    const options = { url: `${await listening}/v1/`, model: 'owl', key: 'hush', firstWait: 1, timeout: 5000 };
    return new ChatClient({ ...options, ...more }).complete([{ role: 'user', content: 'hi' }]);
  };

  it('tries again what may pass, and not what will not', async () => {
    expect(await ask([{ status: 429, headers: { 'retry-after': '0' } }, { status: 503 }, 'cut'])).toBe('yes');
    expect(bodies).toHaveLength(4);
    expect(bodies[0]).toMatchObject({ url: '/v1/chat/completions', model: 'owl', temperature: 0 });
    await expect(ask(Array.from({ length: 9 }, () => ({ status: 500, body: 'ow' })))).rejects.toThrow('status 500: ow');
    expect(bodies).toHaveLength(5);
    await expect(ask([{ status: 422, body: 'too long' }])).rejects.toThrow(JudgeFailure);
    await expect(ask([{ status: 401, body: 'wrong key hush' }])).rejects.toThrow(RunError);
    await expect(ask([{ status: 403, body: 'wrong key hush' }])).rejects.toThrow('wrong key ***');
    expect(bodies).toHaveLength(1);
  });

  it('waits as long as the server says, and no longer than it may for an answer', async () => {
    const start = performance.now();
    await ask([{ status: 429, headers: { 'retry-after': '0.2' } }]);
    expect(performance.now() - start).toBeGreaterThan(190);
    await expect(ask(['hang', 'hang'], { timeout: 100, attempts: 2 })).rejects.toThrow('no answer within 0.1 s');
  });

  it('takes nothing for an answer that is none', async () => {
    for (const body of ['no JSON', '{}', '{"choices":[]}', '{"choices":[{"message":{"content":null}}]}', 'null'])
      await expect(ask([{ status: 200, body }])).rejects.toThrow('no chat completion');
  });

  it('leaves out the temperature where the model refuses it', async () => {
    expect(await ask([{ status: 400, body: "Unsupported value: 'temperature'" }])).toBe('yes');
    expect(bodies.map(({ temperature }) => temperature)).toEqual([0, undefined]);
  });

  it.each(['owl', 'ftp://a', 'http://me:secret@a'])('refuses the address %s, and shows no password', (url) => {
    expect(() => new ChatClient({ url, model: 'owl' })).toThrow(InputError);
    expect(() => new ChatClient({ url, model: 'owl' })).not.toThrow('secret');
  });
});
