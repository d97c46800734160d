import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { corpusReportSchema, excerpt, logBin, type CorpusReport } from './data.js';
import { renderDatasheet } from './datasheet.js';
import { discrepancies } from './figures.js';
import { emptyReport, enormousReport, hostileReport } from './fixtures/extreme.js';
import { plausibleReport } from './fixtures/plausible.js';
import { renderCorpusReport } from './page.js';

const withoutScripts = (html: string) => html.slice(0, html.indexOf('</main>'));
const withoutStyles = (html: string) => withoutScripts(html).replace(/<style>[^]*?<\/style>/, '');
/** The rows of the section with this heading, tags taken out. */
const rowsOf = (html: string, id: string) => {
  const from = html.indexOf(`<h2 id="${id}">`);
  const section = html.slice(from, html.indexOf('<h2', from + 1));
  return [...section.matchAll(/<tr[^>]*>([^]*?)<\/tr>/g)].map(([, row]) =>
    row!
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
};

describe('the shape of a report', () => {
  it('survives JSON', () => {
    for (const report of [plausibleReport, emptyReport, enormousReport, hostileReport]) {
      const read = corpusReportSchema.parse(JSON.parse(JSON.stringify(report)));
      expect(read).toEqual(JSON.parse(JSON.stringify(report)));
    }
  });

  it('refuses what is misspelt or too long', () => {
    const check = (changes: object) => corpusReportSchema.safeParse({ ...plausibleReport, ...changes }).success;
    expect(check({ sorces: [] })).toBe(false);
    expect(check({ seconds: Number.NaN })).toBe(false);
    expect(check({ samples: Array.from({ length: 11 }, () => plausibleReport.samples[0]) })).toBe(false);
  });
});

describe('renderCorpusReport', () => {
  const html = renderCorpusReport(plausibleReport);

  it('says what came in, what stayed and how long it took', () => {
    for (const text of ['187k documents came in, 413 MB of text', '60% of the text', '57.8M tokens', '1m 31s', '4.52'])
      expect(html).toContain(text);
  });

  it('follows every step from what was read to what is left', () => {
    const rows = rowsOf(html, 'funnel');
    expect(rows[1]).toBe('read 187,420 413 MB');
    expect(rows[2]).toBe('unicode.empty −212 −1.06 kB 187,208 413 MB');
    expect(rows).toContain('text changed by cleaning in 31,402 documents −3.90 MB 141,227 345 MB');
    expect(rows).toContain('weights, caps and epochs −14,200 −38.2 MB 107,301 249 MB');
    expect(rows.slice(-2)).toEqual(['to train on 106,237 247 MB', 'held out 1,064 2.49 MB']);
    expect(html).toContain('Took nothing: <code>c4.loremIpsum</code>, <code>fineweb.lineEnds</code>.');
  });

  it('shows more left where a step added', () => {
    const removals: CorpusReport['removals'] = [
      { kind: 'mixing', rule: 'mixing', documents: -5, bytes: -500, examples: [] },
    ];
    const read = { documents: 10, bytes: 1000 };
    const more = renderCorpusReport({ ...plausibleReport, read, removals });
    expect(rowsOf(more, 'funnel')[2]).toBe('weights, caps and epochs +5 +500 B 15 1.50 kB');
    const widths = [...more.matchAll(/width:([\d.]+)%/g)].map(([, width]) => Number(width));
    expect(widths.slice(0, 3)).toEqual([66.667, 66.667, 33.333]);
  });

  it('shows sources with licence, share and what was asked for', () => {
    const [, web, speeches, mail] = rowsOf(html, 'sources');
    expect(web).toMatch(/^web web\/\*\.jsonl\.gz CC0-1\.0 https.* 41\.6M 72% 0\.85 weight 0\.6, at most 200 MB$/);
    expect(speeches).toMatch(/public domain text 9,842 55\.1 MB 11,206 58\.0 MB 12\.7M 22% 2 weight 0\.3$/);
    expect(mail).toContain('licence not stated');
  });

  it('shows why texts were dropped, the strictest rule first', () => {
    const rules = [...html.matchAll(/<summary><code>([^<]*)</g)].map(([, rule]) => rule);
    expect(rules.slice(0, 3)).toEqual(['gopherQuality.short', 'exact duplicates', 'language.other']);
    expect(html).toContain('<b>5 words &lt; 50</b> · web/part-000.jsonl.gz:3');
    expect(html).toContain('0.93 &gt; 0.8');
  });

  it('shows languages, lengths, duplicates, personal data, toxicity, test sets, problems, tokens, time and files', () => {
    expect(rowsOf(html, 'distributions')).toContain('German 5.21k 0');
    for (const text of [
      '131,072 to 262,143 characters: read',
      '204 copies',
      'clusters of 128 to 255: 2',
      '0.75 to 0.8: 402',
      'how many minutes does it take',
      'unexpected end of gzip data',
      '␣government',
      '7.82 MB/s',
      'train-00001.bin',
    ])
      expect(html).toContain(text);
    expect(rowsOf(html, 'safety')).toContain('email 6,402');
    expect(rowsOf(html, 'configuration')).toContain(
      'gopherQuality on min words 50 · max words 100,000 · word length min 3 · word length max 10',
    );
  });

  it('loads nothing and links to nothing outside itself', () => {
    for (const report of [plausibleReport, hostileReport]) {
      const page = withoutStyles(renderCorpusReport(report));
      const tags = page.match(/<[a-z][^>]*>/gi)!.join('\n');
      expect(tags).not.toMatch(/<(?:link|img|iframe|object|embed)\b|\bsrc=|@import|url\(/i);
      expect([...tags.matchAll(/href="([^"]*)"/g)].every(([, href]) => /^#[a-z]+$/.test(href!))).toBe(true);
    }
    expect(html).toContain("default-src 'none'");
  });

  it('has one heading for every link', () => {
    const links = [...html.matchAll(/href="#([a-z]+)"/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(10);
    for (const id of links) expect(html.split(`id="${id}"`)).toHaveLength(2);
  });

  it('keeps hostile text harmless wherever it comes from', () => {
    const evil = renderCorpusReport(hostileReport);
    expect(evil).not.toMatch(/alert\("1"\)|<img|<!--|href="javascript/);
    expect(evil.match(/<script/gi)).toHaveLength(1);
    expect(evil.match(/<\/script/gi)).toHaveLength(1);
    // The same tags as a page without attacks: none was added and none broken.
    const shape = (page: string) =>
      withoutStyles(page)
        .match(/<\/?[a-z][a-z0-9]*/gi)!
        .filter((tag) => !/small/.test(tag)).length;
    expect(shape(evil)).toBe(shape(html));
  });

  it('shows a run without documents or optional steps', () => {
    const page = renderCorpusReport(emptyReport);
    expect(page).toContain('No document was found in the sources.');
    expect(page).toContain('Nobody looked for it: the step is off.');
    expect(page).not.toContain('contradict');
    for (const report of [emptyReport, plausibleReport, enormousReport])
      expect(withoutStyles(renderCorpusReport(report))).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it('stays a page when everything is enormous', () => {
    const page = renderCorpusReport(enormousReport);
    expect(page.length).toBeLessThan(500_000);
    for (const text of ['9,007,199,254,740,991', '9.01 PB', 'and 4,961 more', 'The 168 others'])
      expect(page).toContain(text);
  });

  it('says when its figures contradict one another', () => {
    expect(discrepancies(plausibleReport)).toEqual([]);
    expect(discrepancies(emptyReport)).toEqual([]);
    const lost = { ...plausibleReport, train: { ...plausibleReport.train, documents: 106_236 } };
    expect(discrepancies(lost)).toEqual([
      'documents left after the last step, and in the shards: 107,301 against 107,300.',
      'documents kept of all sources, and in all: 107,301 against 107,300.',
      'documents of the train shards, and in all: 106,237 against 106,236.',
    ]);
    expect(renderCorpusReport(lost)).toContain('contradict one another');
  });
});

describe('renderDatasheet', () => {
  const sheet = renderDatasheet(plausibleReport);

  it('states sources, licences, filters with thresholds, and how to make it again', () => {
    for (const line of [
      '# Datasheet: harbour-mix',
      '| speeches | public domain | 9,842 | 11,206 | 58.0 MB | 12,700,904 | 22% | 2 |',
      '| English | 107,301 | 249 MB | 100% |',
      '| `gopherQuality` | min words 50; max words 100,000; word length min 3; word length max 10 |',
      '| `gopherQuality.short` | 18,207 | 3.11 MB | 159,160 | 388 MB |',
      'Switched off: `decontaminate`.',
      '- The licence is not stated for: mail and sentences.',
      'telar corpus corpus.yaml --out corpora/harbour-mix',
      '  gopherQuality: { minWords: 50 }',
    ])
      expect(sheet.split('\n')).toContain(line);
    expect(sheet).toContain('those above 0.8 were dropped (1,377)');
  });

  it('goes into a model card under its headings', () => {
    const depths = (text: string) => [...text.matchAll(/^(#+) /gm)].map(([, marks]) => marks!.length);
    expect(depths(renderDatasheet(plausibleReport, 2)).map((depth) => depth - 1)).toEqual(depths(sheet));
  });

  it('says what was not done and not stated', () => {
    const empty = renderDatasheet(emptyReport);
    for (const text of [
      'The purpose is not stated.',
      'It may hold hate: nobody looked.',
      'Duplicates were not looked for.',
      'Languages were not identified.',
      'No cleaning step was on.',
    ])
      expect(empty).toContain(text);
    for (const text of [empty, renderDatasheet(enormousReport)])
      expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it('keeps hostile text harmless', () => {
    const evil = renderDatasheet(hostileReport);
    const prose = evil.replaceAll(/^(`{3,})[^]*?^\1$/gm, '');
    expect(prose).not.toMatch(/^# x/m);
    // Without code spans and escapes nothing is left that opens a tag or a link.
    expect(prose.replaceAll(/(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '').replaceAll(/\\[!-/:-@[-`{-~]/g, '')).not.toMatch(
      /[<[\]]/,
    );
    const tables = prose.split('\n').filter((line) => line.startsWith('|'));
    const cells = (line: string) => line.replaceAll('\\|', '').split('|').length;
    for (const [i, line] of tables.entries())
      expect([cells(tables[i - 1] ?? ''), cells(tables[i + 1] ?? '')]).toContain(cells(line));
    expect(tables.length).toBeGreaterThan(30);
  });
});

describe('excerpt', () => {
  it('never exceeds its length, breaks no character, and begins like the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (text, length) => {
        const short = excerpt(text, length);
        expect([...short].length).toBeLessThanOrEqual(Math.max(length, 1));
        expect(Buffer.from(short).toString()).toBe(short);
        expect(text.startsWith(short.replace(/…$/, ''))).toBe(true);
        expect(short === text).toBe([...text].length <= length);
      }),
    );
  });

  it('ends between words', () => {
    expect(excerpt('one two three four five six', 25)).toBe('one two three four five…');
  });
});

describe('logBin', () => {
  it('is the exponent of the power of two below', () => {
    expect([0, 1, 2, 3, 4, 1023, 1024].map(logBin)).toEqual([0, 0, 1, 1, 2, 9, 10]);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: Number.MAX_SAFE_INTEGER }), (value) => {
        const bin = logBin(value);
        expect(2 ** bin <= value && value < 2 ** (bin + 1)).toBe(true);
      }),
    );
  });
});
