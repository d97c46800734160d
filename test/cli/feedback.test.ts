/** `telar feedback` as a process: keys as lines, a judge behind HTTP, agreement. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPreferences } from '../../src/align/index.js';
import { writeModelDirectory } from '../../src/model/formats/directory.js';
import { initializeTransformer, newModelConfig } from '../../src/model/index.js';
import { byteTokenizer } from '../../src/tokenizer/index.js';
import { start, telar, temporaryFolder } from './telar.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const tokenizer = byteTokenizer();
const asked = ['Sky?', 'Sea?', 'Sun?', 'Sky?', 'Ice?'];

/** What the judge is sent, and what it says. */
let server: Server;
let judge: string;
const seen: { authorization: string | undefined; messages: { content: string }[] }[] = [];
const NEVER = 0;
let reply: (content: string) => { status?: number; text: string };

beforeAll(async () => {
  const { vocabSize } = tokenizer;
  const config = newModelConfig('llama', { vocabSize, context: 192, layers: 1, width: 16, heads: 2 });
  const model = initializeTransformer(config, 1);
  writeModelDirectory(at('model'), config, (name) => model.parameters.get(name)!.data);
  model.dispose();
  writeFileSync(join(at('model'), 'tokenizer.json'), JSON.stringify(tokenizer.toJSON()));
  writeFileSync(at('prompts.jsonl'), asked.map((prompt) => `${JSON.stringify({ prompt })}\n`).join(''));
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (more: Buffer) => (body += more.toString()));
    request.on('end', () => {
      const { messages } = JSON.parse(body) as { messages: { content: string }[] };
      seen.push({ authorization: request.headers.authorization, messages });
      const { status = 200, text } = reply(messages[1]!.content);
      if (status === NEVER) return;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(status === 200 ? JSON.stringify({ choices: [{ message: { content: text } }] }) : text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  judge = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const base = (out: string): string[] =>
  ['feedback', '--model', at('model'), '--prompts', at('prompts.jsonl'), '--out', at(out)].concat([
    '--max-tokens',
    '12',
    '--temperature',
    '1',
    '--json',
  ]);
const records = (out: string): Record<string, unknown>[] =>
  readFileSync(at(out), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a person', () => {
  it('judges, stops, goes on, and is asked nothing twice', async () => {
    const args = [...base('anna.jsonl'), '--annotator', 'anna'];
    const first = await telar(args, { input: '1\nwhat\n=\ns\nq\n' });
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain('"what" means nothing');
    expect(first.stderr).toContain('1 of 4');
    expect(JSON.parse(first.stdout)).toMatchObject({ prompts: 4, judged: 2, ties: 1, skipped: 1, finished: false });
    const [better, tie] = records('anna.jsonl');
    expect(better).toMatchObject({
      prompt: 'Sky?',
      annotator: 'anna',
      shownFirst: 'chosen',
      model: { path: at('model'), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      sampling: { temperature: 1, maxTokens: 12, seed: 0 },
      cut: [true, true],
    });
    expect(Number.isNaN(Date.parse(better!['time'] as string))).toBe(false);
    expect(tie).toMatchObject({ prompt: 'Sea?', tie: [expect.any(String), expect.any(String)] });

    appendFileSync(at('anna.jsonl'), '{"prompt":"torn'); // as a crash leaves it
    const second = await telar(args, { input: '2\n2\n' });
    expect(JSON.parse(second.stdout)).toMatchObject({ before: 2, judged: 2, finished: true });
    expect(records('anna.jsonl').map(({ prompt }) => prompt)).toEqual(['Sky?', 'Sea?', 'Sun?', 'Ice?']);
    const third = await telar(args);
    expect(JSON.parse(third.stdout)).toMatchObject({ before: 4, judged: 0, finished: true });

    const options = { tokenizer, template: null, context: 192 };
    const { pairs, ties } = await readPreferences([at('anna.jsonl')], options);
    expect([pairs.length, ties]).toEqual([3, 1]);
  });

  it('judges the same answers as another, in an order of his own, and they agree by what they mean', async () => {
    // Ben chooses by content: the answer that Anna has chosen, wherever it stands.
    const best = new Map(records('anna.jsonl').map((record) => [record['prompt'], record['chosen']]));
    const dry = await telar([...base('dry.jsonl'), '--annotator', 'ben'], { input: '1\n1\n1\n1\n' });
    expect(dry.code, dry.stderr).toBe(0);
    const keys = records('dry.jsonl').map(({ prompt, chosen }) =>
      best.get(prompt) === undefined ? '=' : best.get(prompt) === chosen ? '1' : '2',
    );
    await telar([...base('ben.jsonl'), '--annotator', 'ben'], { input: `${keys.join('\n')}\n` });
    const { stdout } = await telar(['feedback', 'agreement', at('anna.jsonl'), at('ben.jsonl'), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      annotators: [
        { name: 'anna', judged: 4, ties: 1 },
        { name: 'ben', judged: 4, ties: 1 },
      ],
      agreement: [{ annotators: ['anna', 'ben'], pairs: 4, observed: { value: 1 }, kappa: { value: 1 } }],
    });
    const table = await telar(['feedback', 'agreement', at('anna.jsonl'), at('ben.jsonl')]);
    expect(table.stdout).toMatch(/anna, ben +4 +1\.00 \(0\.51 to 1\.00\) +1\.00/);
  });
});

describe('a judge behind HTTP', () => {
  const args = (out: string): string[] => [...base(out), '--judge', judge, '--judge-model', 'owl'];
  /** The answers in the order they were sent. */
  const answersIn = (content: string): string[] =>
    [...content.matchAll(/ answer \d\]\n(.*?)\n\[\w+ end\]/gs)].map((match) => match[1]!);

  it('judges by content, with the key of the environment', async () => {
    reply = (content) => {
      const [a, b] = answersIn(content);
      return { text: `The first letter decides.\n**Verdict: ${a! > b! ? 1 : 2}**` };
    };
    process.env['OWL_KEY'] = 'secret-owl';
    writeFileSync(at('rubric.txt'), 'Later in the alphabet is better.');
    const more = ['--judge-key-env', 'OWL_KEY', '--rubric', at('rubric.txt')];
    const { code, stdout, stderr } = await telar([...args('owl.jsonl'), ...more]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ annotator: 'ai:owl', judged: 4, ties: 0, consistent: 4, failed: 0 });
    for (const { chosen, rejected, annotator } of records('owl.jsonl')) {
      expect((chosen as string) > (rejected as string)).toBe(true);
      expect(annotator).toBe('ai:owl');
    }
    expect(seen.every(({ authorization }) => authorization === 'Bearer secret-owl')).toBe(true);
    expect(seen[0]!.messages[0]!.content).toContain('Later in the alphabet');
    expect(stdout + stderr + readFileSync(at('owl.jsonl'), 'utf8')).not.toContain('secret-owl');
  });

  it('calls it a tie where the order decides', async () => {
    reply = () => ({ text: 'verdict: 1' });
    const { stdout } = await telar(args('biased.jsonl'));
    expect(JSON.parse(stdout)).toMatchObject({ judged: 4, ties: 4, consistent: 0 });
  });

  it('writes nothing where there is no verdict, and ends with 1', async () => {
    reply = (content) => ({ text: content.includes('Sun?') ? 'Both are fine.' : 'verdict: tie' });
    const { code, stdout } = await telar(args('some.jsonl'));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ judged: 3, failed: 1 });
    expect(records('some.jsonl').map(({ prompt }) => prompt)).not.toContain('Sun?');
  });

  it('ends with 130 when interrupted, and keeps what is judged', async () => {
    const waiting = new Promise<void>((resolve) => {
      reply = (content) => {
        if (!content.includes('Ice?')) return { text: 'verdict: tie' };
        resolve();
        return { status: NEVER, text: '' };
      };
    });
    const run = start(args('cut.jsonl'));
    await waiting;
    run.process.kill('SIGINT');
    const { code, stdout } = await run.outcome;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ failed: 0, finished: false });
    expect(records('cut.jsonl')).toHaveLength((JSON.parse(stdout) as { judged: number }).judged);
  });

  it('stops at once where the key is wrong, without showing it', async () => {
    reply = () => ({ status: 401, text: '{"error": "secret-owl is no key"}' });
    const { code, stderr } = await telar([...args('refused.jsonl'), '--judge-key-env', 'OWL_KEY']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/status 401: .*\*\*\* is no key/);
    expect(stderr).not.toContain('secret-owl');
  });
});

it.each([
  [['--out', 'a.jsonl', '--annotator', 'a'], /give --model DIR/],
  [['--out', 'a.jsonl', '--judge', 'owl', '--judge-model', 'owl'], /must be like http/],
  [['--out', 'a.jsonl', '--judge', 'http://a', '--judge-model', 'b', '--judge-key-env', 'NO_SUCH'], /NO_SUCH/],
  [
    ['--out', 'a.jsonl', '--annotator', 'a', '--model', 'model', '--prompts', 'prompts.jsonl', '--temperature', '0'],
    /both answers are the same/,
  ],
  [['agreement', 'none.jsonl'], /none\.jsonl/],
])('%j ends with 2 and one line', async (args, message) => {
  const files = args.map((arg) => (/^(model|prompts\.jsonl|a\.(txt|jsonl))$/.test(arg) ? at(arg) : arg));
  const { code, stderr, stdout } = await telar(['feedback', ...files]);
  expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
  expect(stderr).toMatch(message);
});
