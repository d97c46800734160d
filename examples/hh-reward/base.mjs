/** The base model: a small language model pretrained on the training conversations, and on the sentences of nlp-corpus. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { all } from 'nlp-corpus';
import { pretrain, readRun } from 'telar/train';

/** Sentences a document: they were drawn from all over, so that more would not make it one text. */
const SENTENCES = 40;

/** Times that the conversations are among the documents. */
const REPEATS = 2;

/**
 * Pretrains a base model into `folder`, unless one is there.
 * @param {{ prompt, answers: string[] }[]} conversations of the training side, whose answers stand in no order of merit
 * @returns {Promise<{ model: string, minutes: number }>} the model directory, and how long it took to make
 */
export async function baseModel(folder, conversations, { layers, width, context, vocab, tokens }, log) {
  const out = join(folder, 'base');
  const model = join(out, 'final');
  if (!existsSync(join(model, 'config.json'))) {
    rmSync(out, { recursive: true, force: true });
    const text = join(folder, 'base.jsonl');
    const texts = conversations.flatMap(documentsOf);
    const documents = [...Array.from({ length: REPEATS }, () => texts).flat(), ...prose()];
    writeFileSync(text, documents.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    let told = 0;
    await pretrain({
      paths: [text],
      out,
      layers,
      width,
      heads: 4,
      context,
      vocab,
      tokens,
      command: 'node examples/hh-reward.mjs',
      events: {
        onStep: ({ step, totalSteps, loss }) => {
          if (step < told + 200) return;
          told = step;
          log(`base model: step ${step} of ${totalSteps}, loss ${loss.toFixed(3)}`);
        },
      },
    });
  }
  return { model, minutes: readRun(out).result.seconds / 60 };
}

/** A conversation with one answer, and its last question with the other. */
function documentsOf({ prompt, answers: [first, second] }) {
  const line = ({ role, content }) => `${role === 'user' ? 'User' : 'Assistant'}: ${content.trim()}`;
  return [`${prompt.map(line).join('\n')}\nAssistant: ${first}`, `${line(prompt.at(-1))}\nAssistant: ${second}`];
}

function prose() {
  const sentences = all();
  return Array.from({ length: Math.ceil(sentences.length / SENTENCES) }, (_, i) =>
    sentences.slice(i * SENTENCES, (i + 1) * SENTENCES).join('\n'),
  );
}
