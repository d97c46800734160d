/**
 * Mail as text (RFC 5322, 2045 to 2047): header fields unfolded and decoded, the readable part of a body found, its transfer
 * encoding undone, HTML turned into lines. Mails are what people and programs sent, not what the standards say: whatever is
 * broken is read as far as it goes and nothing throws.
 */
import { Parser } from 'htmlparser2';

/** Parts inside parts: more is an attack or an accident. */
const MOST_NESTING = 8;

/**
 * @typedef {object} Mail
 * @property {(name: string) => string} field value of the first header field of that name, decoded; '' where there is none
 * @property {string} body readable text of the mail, HTML as lines
 */

/** @param {string} source a mail as it was sent, header and body @returns {Mail} */
export function parseMail(source) {
  const { field, body } = splitHeader(source.replace(/\r\n?/g, '\n').replace(/^From [^\n]*\n/, ''));
  return { field: (name) => decodeWords(field(name)), body: tidy(readable(field, body, 0)) };
}

/** @returns {{ field: (name: string) => string, body: string }} */
function splitHeader(source) {
  const end = source.startsWith('\n') ? 0 : source.indexOf('\n\n');
  const header = (end < 0 ? source : source.slice(0, end)).replace(/\n[ \t]+/g, ' ');
  const fields = new Map();
  for (const line of header.split('\n')) {
    const found = /^([\w-]+)[ \t]*:[ \t]*(.*)$/.exec(line);
    if (found && !fields.has(found[1].toLowerCase())) fields.set(found[1].toLowerCase(), found[2].trim());
  }
  const body = end < 0 ? '' : source.slice(end).replace(/^\n+/, '');
  return { field: (name) => fields.get(name.toLowerCase()) ?? '', body };
}

/** Text of a part: of alternatives the plain one where it says anything; of mixed parts all that are text. */
function readable(field, body, depth) {
  const type = /^[\w.+-]+\/[\w.+-]+/.exec(field('content-type').toLowerCase())?.[0] ?? 'text/plain';
  const decoded = () => decodeTransfer(body, field('content-transfer-encoding'), parameter(field, 'charset'));
  if (depth > MOST_NESTING || /^attachment/i.test(field('content-disposition'))) return '';
  if (type === 'message/rfc822') {
    const inner = splitHeader(body);
    return readable(inner.field, inner.body, depth + 1);
  }
  if (type.startsWith('multipart/')) {
    const parts = partsOf(body, parameter(field, 'boundary')).map(splitHeader);
    const texts = parts.map((part) => readable(part.field, part.body, depth + 1).trim());
    if (parts.length === 0) return body;
    if (type !== 'multipart/alternative') return texts.filter((text) => text !== '').join('\n\n');
    const plain = parts.findIndex((part, i) => !/html/i.test(part.field('content-type')) && texts[i] !== '');
    return plain >= 0 ? texts[plain] : (texts.find((text) => text !== '') ?? '');
  }
  if (type === 'text/html') return htmlToText(decoded());
  if (!type.startsWith('text/') && type !== 'message/delivery-status') return '';
  const text = decoded();
  return /<html|<body|<table|<font/i.test(text.slice(0, 2000)) ? htmlToText(text) : text; // HTML that says it is plain
}

function parameter(field, name) {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;]+))`, 'i').exec(field('content-type'));
  return found?.[1] ?? found?.[2] ?? '';
}

/** Sources of the parts between boundary lines; the closing line may be missing. */
function partsOf(body, boundary) {
  if (boundary === '') return [];
  const parts = [];
  let part = null;
  for (const line of body.split('\n')) {
    const mark = line.trimEnd();
    if (mark === `--${boundary}` || mark === `--${boundary}--`) {
      if (part) parts.push(part.join('\n'));
      part = mark.endsWith('--') && mark !== `--${boundary}` ? null : [];
    } else part?.push(line);
  }
  if (part) parts.push(part.join('\n'));
  return parts;
}

function decodeTransfer(text, encoding, charset) {
  const kind = encoding.trim().toLowerCase();
  if (kind === 'base64') return decodeBytes(Buffer.from(text.replace(/[^A-Za-z0-9+/]/g, ''), 'base64'), charset);
  if (kind === 'quoted-printable') return decodeBytes(quotedPrintable(text), charset);
  return text;
}

/** Bytes of quoted-printable text (RFC 2045, 6.7). Characters above U+00FF, which it may not have, are left out. */
function quotedPrintable(text) {
  const plain = text.replace(/[ \t]+$/gm, '').replace(/=\n/g, '');
  return Buffer.from(
    plain.replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

function decodeBytes(bytes, charset) {
  try {
    return new TextDecoder(charset.trim() || 'windows-1252').decode(bytes);
  } catch {
    return bytes.toString('latin1'); // a charset that nobody knows
  }
}

/** Encoded words of a header field (RFC 2047): =?charset?B or Q?text?= */
export function decodeWords(value) {
  return value
    .replace(/(\?=)\s+(?==\?)/g, '$1')
    .replace(/=\?([^?\s]+)\?([BQ])\?([^?]*)\?=/gi, (_, charset, kind, text) =>
      kind.toUpperCase() === 'B'
        ? decodeTransfer(text, 'base64', charset)
        : decodeBytes(quotedPrintable(text.replace(/_/g, ' ')), charset),
    );
}

const SILENT = new Set(['script', 'style', 'head', 'title', 'noscript', 'template', 'iframe', 'object', 'select']);
const LINES = new Set('br p div tr table ul ol li h1 h2 h3 h4 h5 h6 hr blockquote pre center form dt dd'.split(' '));

/** Text of HTML: blocks as lines, tags, comments and what is not shown left out. */
export function htmlToText(html) {
  let text = '';
  const silent = [];
  const parser = new Parser({
    onopentag(name) {
      if (SILENT.has(name)) silent.push(name);
      else if (name === 'body') silent.length = 0; // a head that nobody closed
      if (LINES.has(name)) text += '\n';
      else if (name === 'td' || name === 'th') text += ' ';
    },
    ontext(piece) {
      if (silent.length === 0) text += piece.replace(/\s+/g, ' ');
    },
    onclosetag(name) {
      if (silent.at(-1) === name) silent.pop();
      if (LINES.has(name)) text += '\n';
    },
  });
  parser.end(html);
  return text;
}

/** Spaces single, lines trimmed, at most one empty line in a row, no control characters. */
function tidy(text) {
  return text
    .replace(/[\u00a0\t]/g, ' ')
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\ufeff]/g, '') // oxlint-disable-line no-control-regex
    .replace(/ *\n */g, '\n')
    .replace(/ {2,}/g, ' ')
    .replace(/\n{3,}/g, '\n\n')
    .toWellFormed()
    .trim();
}
