import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { InputError, RunError } from '../../io/errors.js';
import { chapters, declarations, speeches, standIns } from './fixtures.js';
import { ByteModel, cleanConfigSchema, makeCleaner, stepNames } from './index.js';
import type { Services } from './services.js';

/** The cleaner of a `corpus.yaml`. */
const cleaner = (yaml: string, services: Services = standIns) =>
  makeCleaner(cleanConfigSchema.parse(parse(yaml) ?? {}), services);
const allOff = stepNames.map((name) => `${name}: false`).join('\n');
const only = (yaml: string) =>
  yaml
    .split('\n')
    .reduce((all, line) => `${all.replace(new RegExp(`^${line.split(':')[0]}: false$`, 'm'), '')}\n${line}`, allOff);
const document = (text: string) => ({ text, source: 'test', meta: {} });

const prose = speeches()[0]!;

describe('the configuration', () => {
  it('has every step, in the order of application', () => {
    expect(stepNames).toEqual([
      'unicode',
      'boilerplate',
      'c4',
      'language',
      'gopherRepetition',
      'gopherQuality',
      'fineweb',
      'quality',
      'toxicity',
      'decontaminate',
      'pii',
    ]);
    const reversed = stepNames.toReversed().map((name) => [name, cleanConfigSchema.parse({})[name]]);
    expect(cleanConfigSchema.parse(Object.fromEntries(reversed))).toEqual(cleanConfigSchema.parse({}));
  });
  it.each([
    '',
    'pii: false',
    'pii: true',
    'pii: {}',
    'gopherQuality: {minWords: 20}',
    'language: {languages: [en, de]}',
    'gopherRepetition: {topNgrams: {2: 0.3}}',
    'quality: {classifier: folder, label: good}',
    'quality: {model: file, maxPerplexity: 5}',
    'decontaminate: {files: [a.jsonl]}',
  ])('takes: %s', (yaml) => {
    expect(cleanConfigSchema.safeParse(parse(yaml) ?? {}).success).toBe(true);
  });
  it.each([
    'nosuch: true',
    'pii: {kind: email}',
    'pii: {kinds: [name]}',
    'gopherQuality: {minWords: -1}',
    'gopherQuality: {minStopWord: 1}',
    'language: {languages: [english]}',
    'gopherRepetition: {topNgrams: {one: 0.3}}',
    'quality: true',
    'quality: {model: file}',
    'decontaminate: {files: []}',
    'c4: 5',
    'toxicity: {threshold: 2}',
  ])('refuses: %s', (yaml) => {
    expect(cleanConfigSchema.safeParse(parse(yaml)).success).toBe(false);
  });
});

describe('real prose', () => {
  it('passes the defaults: every State of the Union address', async () => {
    const clean = await cleaner('');
    const dropped = speeches().flatMap((text) => {
      const result = clean(document(text));
      return 'drop' in result ? [`${result.drop} ${result.detail}`] : [];
    });
    expect(dropped).toEqual([]);
  });
  it('passes: all chapters of Moby-Dick but those that are too short, and a play', async () => {
    const clean = await cleaner('');
    const dropped = chapters().flatMap((text) => {
      const result = clean(document(text));
      return 'drop' in result ? [result.drop] : [];
    });
    expect(dropped.length).toBeLessThanOrEqual(3);
  });
  it('passes in other languages: the Declaration of Human Rights', async () => {
    const clean = await cleaner('', { ...standIns, identifyLanguage: () => ({ language: 'xx', confidence: 1 }) });
    const languages = declarations();
    // A declaration is a list of short articles with headings, so that the rules on lines do not hold for it.
    const drops = ['fra', 'deu_1996', 'ell_monotonic', 'cmn_hans', 'rus', 'arb', 'hin', 'jpn', 'tha', 'spa'].map(
      (code) => {
        const result = clean(document(languages.get(code)!.replace(/\s*\n\s*/g, ' ')));
        return 'drop' in result ? `${code}: ${result.drop} ${result.detail}` : null;
      },
    );
    expect(drops).toEqual(drops.map(() => null));
  });
});

describe('the cleaner', () => {
  it('gives the text on untouched with everything off', async () => {
    const clean = await cleaner(allOff);
    const text = ' cafÃ© {} a@b.com \r\n';
    expect(clean(document(text))).toEqual({ text, facts: { counts: {} } });
  });
  it('sums up what happened', async () => {
    const clean = await cleaner('');
    const result = clean(document(`Home\n\ncafÃ© ${prose} Write to a@example.com.\n\nRead more`));
    expect(result).toMatchObject({
      facts: {
        language: 'en',
        languageConfidence: 0.9,
        counts: { 'mojibake.repaired': 1, 'boilerplate.lines': 2, 'pii.email': 1 },
      },
    });
    expect('text' in result && result.text).toMatch(/^café [^]*<EMAIL>\.$/);
  });
  it('says why it dropped a text, and what it learnt before', async () => {
    const clean = await cleaner('c4: false');
    expect(clean(document('The shortest of texts.'))).toEqual({
      drop: 'gopherQuality.short',
      detail: '4 words < 50',
      facts: { language: 'en', languageConfidence: 0.9, counts: {} },
    });
    expect(clean(document('Home\nMenu'))).toMatchObject({ drop: 'boilerplate.empty' });
  });
  it('keeps languages that are asked for', async () => {
    const clean = await cleaner(only('language: {languages: [en], minConfidence: 0.9}'));
    expect(clean(document('the'))).toMatchObject({ text: 'the' });
    expect(clean(document('der'))).toMatchObject({ drop: 'language.other', detail: 'de is not in en' });
    const sure = await cleaner(only('language: {languages: [en], minConfidence: 0.91}'));
    expect(sure(document('the'))).toMatchObject({ drop: 'language.unsure', detail: 'en at 0.9 < 0.91' });
    const all = await cleaner(only('language: true'));
    expect(all(document('?'))).toEqual({ text: '?', facts: { language: 'und', languageConfidence: 0, counts: {} } });
  });
  it('drops toxicity above the threshold, and notes the score of all', async () => {
    const clean = await cleaner(only('toxicity: true'));
    const dropped = clean(document('HATE'));
    expect(dropped).toMatchObject({ drop: 'toxicity', detail: '0.99 > 0.98' });
    expect(dropped.facts.toxicity).toBeCloseTo(0.99);
    const kept = clean(document('love'));
    expect(kept).toMatchObject({ text: 'love' });
    expect(kept.facts.toxicity).toBeCloseTo(0.2);
    const lenient = await cleaner(only('toxicity: {threshold: 0.99}'));
    expect(lenient(document('HATE'))).toMatchObject({ text: 'HATE' });
    await expect(cleaner(only('toxicity: {neutral: spam}'))).rejects.toThrow(InputError);
  });
  it('scores no text in a language that the shipped classifier does not know, and none without words', async () => {
    const clean = await cleaner(only('toxicity: true\nlanguage: true'));
    expect(clean(document('der HATE'))).toEqual({
      text: 'der HATE',
      facts: { language: 'de', languageConfidence: 0.8, counts: { 'toxicity.notScored': 1 } },
    });
    expect(clean(document('---- ...'))).toMatchObject({ drop: 'toxicity.wordless' });
    const own = await cleaner(only('toxicity: {classifier: folder, neutral: good}\nlanguage: true'));
    expect(own(document('der fine')).facts.toxicity).toBeCloseTo(0.2);
  });
  it('fails where a scorer does, and never takes that for a 0', async () => {
    for (const score of [
      () => [],
      () => [0, 1, NaN],
      () => [0, 0, 2],
      () => {
        throw new RunError('no weights');
      },
    ]) {
      const services = { ...standIns, toxicityClassifier: () => ({ labels: ['hate', 'offensive', 'neither'], score }) };
      const clean = await cleaner(only('toxicity: true'), services);
      expect(() => clean(document('love'))).toThrow(RunError);
    }
  });
  it('drops what a classifier holds for bad', async () => {
    const clean = await cleaner(only('quality: {classifier: folder, label: good, threshold: 0.3}'));
    expect(clean(document('fine'))).toMatchObject({ text: 'fine', facts: { quality: 0.8 } });
    expect(clean(document('poor'))).toMatchObject({ text: 'poor', facts: { quality: 0.3 } });
    const strict = await cleaner(only('quality: {classifier: folder, label: good, threshold: 0.31}'));
    expect(strict(document('poor'))).toMatchObject({ drop: 'quality.good', detail: '0.3 < 0.31' });
  });
  it('drops what surprises a model of reference text', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'telar-clean-'));
    try {
      const model = join(folder, 'model');
      (await ByteModel.train([prose])).save(model);
      const clean = await cleaner(only(`quality: {model: ${model}, maxPerplexity: 10}`));
      expect(clean(document(prose))).toMatchObject({ text: prose });
      expect(clean(document('xqzj 9$#@ kkwv }{}{'))).toMatchObject({ drop: 'quality.perplexity' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it('drops what shares n-grams with test sets', async () => {
    const clean = await cleaner(only('decontaminate: {files: [test.jsonl], ngram: 8}'));
    expect(clean(document('the secret question'))).toMatchObject({
      drop: 'decontaminate',
      detail: 'test.jsonl: 8 words',
    });
    expect(clean(document('an open question'))).toMatchObject({ text: 'an open question' });
  });
  it('never yields ill-formed text, and gives each text the same whatever came before', async () => {
    const gentle =
      'c4: {minSentences: 0}\ngopherQuality: {minWords: 0}\nfineweb: false\ngopherRepetition: false\ntoxicity: false';
    const clean = await cleaner(gentle);
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5 }),
      fc.constantFrom(
        'Ã©',
        '&amp;',
        '\u200b',
        'Home\n',
        'a@b.com',
        '415-555-2671',
        ' the ',
        '\n',
        '😀',
        '[1]',
        '&#xD800;',
        '漢字',
        '\ud7ff',
      ),
    );
    const fresh = await cleaner(gentle);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const result = clean(document(pieces.join('')));
        expect('text' in result ? result.text : '').not.toMatch(/\p{Surrogate}/u);
        fresh(document('other words, other words'));
        expect(fresh(document(pieces.join('')))).toEqual(result);
      }),
      { numRuns: 150 },
    );
  });
});
