// Does prompt optimisation beat the prompt that one writes first? Two tasks on held-out data, with a model of 0.7M
// parameters that is trained here on raw records of the same packages: mail that is spam or not (SpamAssassin), and the
// language of sentences of the Universal Declaration of Human Rights, ten languages of which some are near.
//
//   node bench/prompt-optimize.mjs [folder]     about seven minutes on two cores; a folder keeps the model for the next time
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { documents, fraction, mail, sentences } from './prompt-optimize/data.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'telar-prompt-'));
mkdirSync(folder, { recursive: true });
const telar = (...args) =>
  execFileSync(process.execPath, [join(here, '../dist/cli/main.js'), ...args.flat()], {
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  }).toString();
const lines = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const records = { mail: mail(), language: sentences() };

const corpus = [...documents(records.mail, 'Folder', 2), ...documents(records.language, 'Language', 8)];
writeFileSync(join(folder, 'corpus.jsonl'), lines(corpus.map((text) => ({ text }))));
const run = join(folder, 'base');
if (!existsSync(join(run, 'final')))
  telar(
    ['pretrain', join(folder, 'corpus.jsonl'), '--out', run, '--layers', '3', '--width', '128', '--heads', '4'],
    ['--context', '512', '--vocab', '1024', '--tokens', '5000000', '--batch-tokens', '4096', '--json'],
  );

const percent = (x) => `${(100 * x).toFixed(1)}%`;
const interval = ({ value, low, high }) => `${percent(value)} [${percent(low)}, ${percent(high)}]`;
for (const [task, most] of [
  ['mail', { dev: 240, test: 500 }],
  ['language', { dev: 240, test: 500 }],
]) {
  for (const part of ['dev', 'test']) {
    const rows = records[task]
      .filter((row) => row.part === part)
      .sort((a, b) => fraction(a.text) - fraction(b.text))
      .slice(0, most[part]);
    writeFileSync(join(folder, `${task}.${part}.jsonl`), lines(rows.map(({ text, answer }) => ({ text, answer }))));
  }
  const file = (name) => join(here, 'prompt-optimize', `${task}.${name}`);
  const out = join(folder, `optimized-${task}`);
  const report = JSON.parse(
    telar(
      ['prompt', 'optimize', file('prompt.md'), '--data', join(folder, `${task}.dev.jsonl`), '--json'],
      ['--test', join(folder, `${task}.test.jsonl`), '--candidates', file('candidates.yaml')],
      ['--model', join(run, 'final'), '--out', out, '--budget', '400000'],
    ),
  );
  const { test, spent, seconds, candidates, examples } = report;
  console.log(
    `\n${task}: ${candidates.length} candidates on up to ${examples.dev} examples, ${spent} tokens, ${seconds.toFixed(0)} s`,
  );
  console.log(`  seed     ${interval(test.seed)} of ${examples.test} held-out examples`);
  console.log(`  winner   ${interval(test.winner)}`);
  const { difference, low, high, p } = test.gain;
  console.log(`  gain     ${percent(difference)} [${percent(low)}, ${percent(high)}], McNemar p = ${p.toPrecision(2)}`);
  console.log(`  ${join(out, 'winner.prompt.md')}`);
}
