/** The commands in the documentation run, in order, in a folder with some prose; only the long runs are cut short. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { loadTransformer, loraTargets, newAdapter, writeAdapter } from '../src/model/index.js';
import { temporaryFolder, writeProse } from './cli/telar.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = temporaryFolder();
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

/** Lines of the `sh` blocks of a page that run telar. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block!);
  return blocks.flatMap((block) => block.split('\n')).filter((line) => line.startsWith('npx telar '));
}

/** The same command with a run of three small steps. */
function short(command: string): string {
  // A corpus has its tokenizer already.
  const vocab = command.includes('corpora/') ? '' : '--vocab 300';
  const tiny = `--width 32 --heads 1 --context 64 --batch-tokens 128 ${vocab}`;
  const cut =
    command.includes(' pretrain ') && !command.includes('--resume')
      ? `${command.replace(/--(minutes|steps|tokens) [\d.]+/, '')} --steps 3 ${tiny}`
      : command;
  const tuned = command.includes(' tune --method ')
    ? `${cut.replace(/--(minutes|steps|epochs) [\d.]+/, '')} --steps 3`
    : cut;
  const aligned = / align --method (?!$)/.test(tuned)
    ? `${tuned.replace(/--(minutes|steps|epochs|max-new-tokens) [\d.]+/g, '')} --steps 2 --held-out-fraction 0.3`.concat(
        /--method (ppo|grpo)/.test(tuned) ? ' --max-new-tokens 8 --rollout-prompts 2' : '',
      )
    : tuned;
  const small = / bench (train|decode)/.test(aligned)
    ? `${aligned.replace(/ (bench \w+).*/, ' $1')} --layers 1 --width 32 --heads 1 --context 32 --vocab 256`
    : aligned;
  return small
    .replace(/^npx telar /, `"${process.execPath}" "${join(root, 'dist/cli/main.js')}" `)
    .replace(/\s#.*/, '');
}

/** `adapters/polite`, for the model that the page on pretraining has made. */
function writeSomeAdapter(): void {
  const base = 'runs/books/final';
  const model = loadTransformer(join(folder, base));
  const targets = loraTargets(model.config);
  const lora = { kind: 'lora', rank: 4, alpha: 8, rslora: false, dora: false, targets, modulesToSave: [] } as const;
  const adapter = newAdapter(model, lora, { seed: 1 });
  mkdirSync(join(folder, 'adapters'));
  writeAdapter(join(folder, 'adapters/polite'), adapter, model, { baseModel: base });
  adapter.dispose();
  model.dispose();
}

it('runs every command of the README and the docs', async () => {
  mkdirSync(join(folder, 'books'));
  writeProse(join(folder, 'books/prose.txt'), 400);
  writeFileSync(join(folder, 'questions.txt'), 'Who are you?\n');
  const topics = ['sea,a ship with a sail', 'food,bread with butter', 'sport,a goal in the stadium'];
  const messages = Array.from({ length: 60 }, (_, i) => `${topics[i % 3]} and word${i}`);
  writeFileSync(join(folder, 'messages.csv'), `topic,message\n${messages.join('\n')}\n`);
  writeFileSync(
    join(folder, 'corpus.yaml'),
    /^```yaml\n(.*?)^```/ms.exec(readFileSync(join(root, 'docs/corpus.md'), 'utf8'))![1]!,
  );
  writeFileSync(
    join(folder, 'chats.jsonl'),
    /^```json\n(.*?)^```/ms.exec(readFileSync(join(root, 'docs/tuning-data.md'), 'utf8'))![1]!,
  );
  writeFileSync(
    join(folder, 'feedback.jsonl'),
    /^```json\n(.*?)^```/ms.exec(readFileSync(join(root, 'docs/feedback.md'), 'utf8'))![1]!,
  );
  const jsonLines = (name: string, record: (i: number) => object): void =>
    writeFileSync(join(folder, name), Array.from({ length: 20 }, (_, i) => `${JSON.stringify(record(i))}\n`).join(''));
  jsonLines('pairs.jsonl', (i) => ({ prompt: `Year ${i}:`, chosen: ' honest money', rejected: ' no roads' }));
  jsonLines('thumbs.jsonl', (i) => ({ prompt: `Year ${i}:`, completion: ' good roads', label: i % 3 > 0 }));
  jsonLines('prompts.jsonl', (i) => ({ prompt: `Year ${i}:`, answer: String(i) }));
  writeFileSync(join(folder, 'reward.mjs'), 'export default ({ completion }) => completion.length;\n');
  cpSync(join(root, 'prompts'), join(folder, 'prompts'), { recursive: true });
  writeFileSync(
    join(folder, 'topic.prompt.md'),
    /^```md\n(.*?)^```/ms
      .exec(readFileSync(join(root, 'docs/prompts.md'), 'utf8'))![1]!
      .replace('runs/sotu', 'runs/books'),
  );
  for (const [name, from] of [
    ['dev', 0],
    ['test', 30],
  ] as const) {
    const rows = Array.from({ length: 30 }, (_, i) => ({ text: `tax ${from + i}`, answer: i % 3 ? 'money' : 'war' }));
    writeFileSync(join(folder, `topic-${name}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  writeFileSync(
    join(folder, 'contact.schema.json'),
    /^```json\n(.*?)^```/ms.exec(readFileSync(join(root, 'docs/understanding.md'), 'utf8'))![1]!,
  );
  const structured = readFileSync(join(root, 'docs/structured-output.md'), 'utf8');
  writeFileSync(join(folder, 'person.schema.json'), /^```json\n(.*?)^```/ms.exec(structured)![1]!);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const order = ['docs/pretraining.md', ...pages.filter((page) => page !== 'docs/pretraining.md')];
  const commands = order
    .flatMap(commandsOf)
    .map((command) => command.replaceAll(/runs\/(?:sotu|chat)\/final/g, 'runs/books/final'));
  expect(commands.length).toBeGreaterThan(10);
  for (const command of commands) {
    if (command.includes('adapters/polite') && !existsSync(join(folder, 'adapters'))) writeSomeAdapter();
    const run = promisify(execFile)('sh', ['-c', short(command)], { cwd: folder });
    const { stdout } = await run.catch((error: Error & { stderr?: string }) => {
      throw new Error(`${command}: ${error.stderr ?? error.message}`);
    });
    expect(stdout.length, command).toBeGreaterThan(0);
  }
}, 600_000);

it('links to files that exist', () => {
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8');
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)/g))
      expect(() => readFileSync(join(root, page, '..', target!)), `${page}: ${target}`).not.toThrow();
  }
});
