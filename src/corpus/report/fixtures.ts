/** Reports written by hand for tests: a plausible run, an empty one, one of enormous size, one full of hostile text. */
import type { CorpusReport, Removal } from './data.js';

const hash = (digit: string) => digit.repeat(64);

const speech =
  'Fellow-citizens of the Senate and of the House: the harvest has been gathered, the roads have been mended, and the accounts of the year lie before you. I ask you to read them with care, for they were written with care.';
const recipe =
  'Soak the beans overnight. In the morning drain them, cover them with fresh water and let them simmer for an hour. Meanwhile chop the onions, the celery and two carrots, and soften them slowly in olive oil.';
const country =
  'The country lies between two rivers. Its north is mountainous and thinly settled; most people live on the coastal plain, where rice and cotton are grown. The capital was moved twice in a hundred years.';
const german =
  'Der Brief kam am Morgen und lag lange ungeöffnet auf dem Tisch. Erst als die Kinder schliefen, setzte sie sich ans Fenster, brach das Siegel und las, was sie seit Wochen schon wusste.';
const arabic = 'كان البحر هادئا في ذلك الصباح، وعاد الصيادون قبل الظهر وقد امتلأت قواربهم بالسمك.';

const cleaning = (rule: string, documents: number, bytes: number, ...examples: Removal['examples']): Removal => {
  return { kind: 'cleaning', rule, documents, bytes, examples };
};

const removals: Removal[] = [
  cleaning('unicode.empty', 212, 1_060, {
    source: 'web/part-004.jsonl.gz:8812',
    excerpt: '\n \n',
    detail: 'no letters',
  }),
  cleaning(
    'language.other',
    9_841,
    21_733_904,
    { source: 'web/part-000.jsonl.gz:17', excerpt: german, detail: 'de 0.98, wanted en' },
    { source: 'web/part-002.jsonl.gz:40311', excerpt: arabic, detail: 'ar 1.00, wanted en' },
  ),
  cleaning(
    'gopherQuality.short',
    18_207,
    3_109_442,
    { source: 'web/part-000.jsonl.gz:3', excerpt: 'Home | About | Contact us', detail: '5 words < 50' },
    {
      source: 'web/part-001.jsonl.gz:77',
      excerpt: 'This page has moved. Please update your bookmarks.',
      detail: '8 words < 50',
    },
    { source: 'mail/ham-00412.txt', excerpt: 'Thanks, got it! See you on Monday.', detail: '7 words < 50' },
  ),
  cleaning('gopherQuality.wordLength', 311, 902_113),
  cleaning('gopherQuality.symbols', 702, 1_204_551, {
    source: 'web/part-003.jsonl.gz:591',
    excerpt: '### # ## ... ### SALE ### ... ### SALE ###',
    detail: '0.41 symbols per word > 0.1',
  }),
  cleaning('gopherRepetition.lines', 4_023, 9_611_020, {
    source: 'web/part-001.jsonl.gz:9020',
    excerpt: 'Add to basket\nAdd to basket\nAdd to basket\nAdd to basket\nAdd to basket',
    detail: '0.83 of lines repeated > 0.3',
  }),
  cleaning('gopherRepetition.top2gram', 1_514, 4_400_871),
  cleaning('c4.curlyBracket', 488, 2_008_317),
  cleaning('c4.loremIpsum', 0, 0),
  cleaning('fineweb.shortLines', 2_616, 5_019_334),
  cleaning('fineweb.lineEnds', 0, 0),
  cleaning('quality.low', 6_902, 14_512_006, {
    source: 'web/part-002.jsonl.gz:1204',
    excerpt: 'best cheap watch buy watch online watch store discount watch free shipping watch deals today',
    detail: '0.07 < 0.2',
  }),
  cleaning('toxicity.hate', 1_377, 1_088_270, {
    source: 'sentences.txt:20077',
    excerpt: 'you people are [slur] and everybody knows it, go back to where',
    detail: '0.93 > 0.8',
  }),
  {
    kind: 'changed',
    rule: 'changed',
    documents: 0,
    bytes: 3_904_117,
    touched: 31_402,
    examples: [
      { source: 'mail/ham-00007.txt', excerpt: 'Write to <EMAIL> or call <PHONE> before noon.', detail: '2 masks' },
    ],
  },
  {
    kind: 'exact',
    rule: 'exact',
    documents: 11_290,
    bytes: 24_018_870,
    examples: [{ source: 'speeches/1897_b.txt', excerpt: speech, detail: 'same as speeches/1897_a.txt' }],
  },
  {
    kind: 'near',
    rule: 'near',
    documents: 8_433,
    bytes: 27_650_214,
    examples: [{ source: 'web/part-004.jsonl.gz:51', excerpt: recipe, detail: 'like web/part-000.jsonl.gz:9120' }],
  },
  { kind: 'paragraphs', rule: 'paragraphs', documents: 0, bytes: 6_120_388, touched: 4_907, examples: [] },
  {
    kind: 'contamination',
    rule: 'contamination',
    documents: 3,
    bytes: 7_204,
    examples: [],
  },
  { kind: 'mixing', rule: 'mixing', documents: 14_200, bytes: 38_220_010, examples: [] },
];

/** Halvings of a total over bins around `middle`, which add up to it. */
function spread(total: number, bins: number, middle: number, width: number): number[] {
  const weights = Array.from({ length: bins }, (_, i) => Math.exp(-(((i - middle) / width) ** 2)));
  const all = weights.reduce((a, b) => a + b, 0);
  const counts = weights.map((weight) => Math.floor((weight / all) * total));
  counts[middle]! += total - counts.reduce((a, b) => a + b, 0);
  return counts;
}

const read = { documents: 187_420, bytes: 412_906_551 };
const gone = (key: 'documents' | 'bytes') => removals.reduce((sum, removal) => sum + removal[key], 0);
const kept = { documents: read.documents - gone('documents'), bytes: read.bytes - gone('bytes') };
const heldOut = { documents: 1_064, bytes: 2_491_004, tokens: 571_233 };
const train = { documents: kept.documents - heldOut.documents, bytes: kept.bytes - heldOut.bytes, tokens: 57_240_118 };
const tokens = train.tokens + heldOut.tokens;
const firstShard = { documents: 60_000, bytes: 131_072_400, tokens: 30_001_280 };

/** A plausible run over a few public texts. */
export const plausibleReport: CorpusReport = {
  format: 'telar-corpus-report',
  version: 1,
  name: 'harbour-mix',
  created: '2026-03-14T15:09:26.535Z',
  telar: '0.1.0',
  command: 'telar corpus corpus.yaml --out corpora/harbour-mix',
  config: `name: harbour-mix
about:
  motivation: A small English corpus for teaching.
sources:
  - name: web
    paths: [web/*.jsonl.gz]
    licence: CC0-1.0
    weight: 0.6
  - name: speeches
    paths: [speeches]
    licence: public domain
    epochs: 2
clean:
  gopherQuality: { minWords: 50 }
  toxicity: { threshold: 0.8 }
tokenizer: { vocabSize: 16384 }
`,
  seed: 7,
  seconds: 91.4,
  machine: { cpu: 'a processor of two cores', threads: 2, peakMemory: 611_000_000 },
  about: {
    motivation: 'A small English corpus for teaching how language models are made.',
    author: 'The harbour school',
    licence: 'CC BY 4.0 for the selection; texts keep their own licences',
    uses: 'Training and studying small models. Not for products that talk to people without a guard.',
  },
  inputBytes: 138_420_118,
  read,
  removals,
  train,
  heldOut,
  heldOutFraction: 0.01,
  sources: [
    {
      name: 'web',
      paths: ['web/*.jsonl.gz'],
      licence: 'CC0-1.0',
      origin: 'https://example.org/crawl/2025',
      format: 'jsonl',
      read: { documents: 151_004, bytes: 331_204_117 },
      kept: { documents: kept.documents - 22_010, bytes: kept.bytes - 73_490_340 },
      tokens: tokens - 16_211_401,
      weight: 0.6,
      cap: { amount: 200_000_000, unit: 'bytes' },
      epochs: 0.85,
    },
    {
      name: 'speeches',
      paths: ['speeches'],
      licence: 'public domain',
      format: 'text',
      read: { documents: 9_842, bytes: 55_101_220 },
      kept: { documents: 11_206, bytes: 58_002_116 },
      tokens: 12_700_904,
      weight: 0.3,
      epochs: 2,
    },
    {
      name: 'mail and sentences',
      paths: ['mail/**/*.txt', 'sentences.txt'],
      format: 'text',
      read: { documents: 26_574, bytes: 26_601_214 },
      kept: { documents: 10_804, bytes: 15_488_224 },
      tokens: 3_510_497,
      weight: 0.1,
      epochs: 1,
    },
  ],
  problems: {
    count: 4,
    first: [
      {
        source: 'web/part-004.jsonl.gz@18203391',
        reason: 'unexpected end of gzip data; 812 documents before it were read',
      },
      { source: 'web/part-001.jsonl.gz:20114', reason: 'no JSON: Unexpected end of input' },
      { source: 'web/part-001.jsonl.gz:20115', reason: 'no field "text"' },
      { source: 'mail/spam-00099.txt', reason: 'not UTF-8 at byte 2,210, and no other encoding fits' },
    ],
  },
  cleaning: [
    { step: 'unicode', on: true, settings: { form: 'NFC', mojibake: true } },
    { step: 'boilerplate', on: true, settings: { phrases: ['cookie policy', 'all rights reserved', 'javascript'] } },
    { step: 'c4', on: true, settings: { curlyBracket: true, loremIpsum: true } },
    { step: 'language', on: true, settings: { languages: ['en'], minConfidence: 0.65 } },
    { step: 'gopherRepetition', on: true, settings: { maxLines: 0.3, maxTop2gram: 0.2 } },
    { step: 'gopherQuality', on: true, settings: { minWords: 50, maxWords: 100_000, wordLength: { min: 3, max: 10 } } },
    { step: 'fineweb', on: true, settings: { shortLine: 30, maxShortLines: 0.67 } },
    { step: 'quality', on: true, settings: { minScore: 0.2 } },
    { step: 'toxicity', on: true, settings: { label: 'hate', threshold: 0.8 } },
    { step: 'decontaminate', on: false, settings: {} },
    { step: 'pii', on: true, settings: { action: 'mask' } },
  ],
  changes: { 'boilerplate.lines': 40_771, 'mojibake.repaired': 1_290, 'unicode.normalised': 2_204 },
  languages: [
    { language: 'en', before: { documents: 175_102, bytes: 388_104_110 }, after: kept },
    { language: 'de', before: { documents: 5_210, bytes: 12_017_220 }, after: { documents: 0, bytes: 0 } },
    { language: 'es', before: { documents: 3_104, bytes: 6_310_444 }, after: { documents: 0, bytes: 0 } },
    { language: 'ar', before: { documents: 1_822, bytes: 3_300_917 }, after: { documents: 0, bytes: 0 } },
    { language: 'zh', before: { documents: 1_204, bytes: 2_011_302 }, after: { documents: 0, bytes: 0 } },
    { language: 'und', before: { documents: 978, bytes: 1_162_558 }, after: { documents: 0, bytes: 0 } },
  ],
  lengths: { before: spread(read.documents, 21, 10, 3), after: spread(kept.documents, 21, 11, 2) },
  duplicates: {
    settings: { ngram: 5, bands: 14, rows: 8, paragraphs: true },
    clusters: 7_104,
    sizes: [0, 5_872, 902, 231, 70, 21, 6, 2],
    largest: [
      {
        size: 204,
        source: 'web/part-000.jsonl.gz:41',
        excerpt: 'We use cookies to give you the best experience on our site.',
      },
      { size: 131, source: 'web/part-000.jsonl.gz:9120', excerpt: recipe },
      { size: 78, source: 'speeches/1897_a.txt', excerpt: speech },
    ],
  },
  personalData: {
    action: 'masked',
    counts: { email: 6_402, phone: 2_119, ip: 804, card: 37, iban: 12, key: 9 },
  },
  toxicity: {
    classifier: 'telar-toxicity-1, hate',
    threshold: 0.8,
    bins: [
      98_200, 21_300, 9_044, 4_810, 2_700, 1_904, 1_460, 1_102, 880, 744, 610, 560, 507, 480, 433, 402, 290, 310, 367,
      410,
    ],
  },
  contamination: {
    n: 13,
    testFiles: ['gsm8k/test.jsonl', 'truthfulqa/TruthfulQA.csv'],
    count: 3,
    hits: [
      {
        source: 'web/part-002.jsonl.gz:8',
        file: 'gsm8k/test.jsonl',
        ngram: 'a farmer has twelve hens and sells nine eggs at the market every morning',
      },
      {
        source: 'web/part-002.jsonl.gz:9',
        file: 'gsm8k/test.jsonl',
        ngram: 'how many minutes does it take to fill the tank if both taps',
      },
      {
        source: 'web/part-003.jsonl.gz:7714',
        file: 'truthfulqa/TruthfulQA.csv',
        ngram: 'what happens to you if you swallow the seeds of a melon by mistake',
      },
    ],
  },
  tokenizer: {
    kind: 'byte-level BPE',
    vocabSize: 16_384,
    hash: hash('a'),
    origin: 'trained on this corpus',
    bytesPerToken: kept.bytes / tokens,
    sample: [
      ' the',
      ' of',
      'ing',
      ' government',
      '\n\n',
      ' 19',
      'é',
      ' harbour',
      ' people',
      '.”',
      ' which',
      'tion',
    ].map((text, i) => ({ id: 260 + 97 * i, text })),
  },
  stages: [
    { stage: 'read, clean and fingerprint', seconds: 52.8, bytes: read.bytes },
    { stage: 'deduplicate', seconds: 6.1, bytes: 345_300_000 },
    { stage: 'mix and split', seconds: 3.9, bytes: 287_500_000 },
    { stage: 'train the tokenizer', seconds: 11.4, bytes: kept.bytes },
    { stage: 'encode', seconds: 16.2, bytes: kept.bytes },
    { stage: 'report', seconds: 0.4, bytes: 0 },
  ],
  samples: [
    { source: 'speeches/1897_a.txt', language: 'en', excerpt: `${speech}\n\n${speech} ${country}` },
    { source: 'web/part-000.jsonl.gz:9120', language: 'en', excerpt: `${recipe} ${recipe}` },
    { source: 'web/part-003.jsonl.gz:12', language: 'en', excerpt: country },
    { source: 'mail/ham-00007.txt', language: 'en', excerpt: 'Write to <EMAIL> or call <PHONE> before noon.' },
  ],
  manifest: {
    sha256: hash('b'),
    dtype: 'uint16',
    shards: [
      { file: 'train-00000.bin', split: 'train', ...firstShard, sha256: hash('c') },
      {
        file: 'train-00001.bin',
        split: 'train',
        documents: train.documents - firstShard.documents,
        bytes: train.bytes - firstShard.bytes,
        tokens: train.tokens - firstShard.tokens,
        sha256: hash('d'),
      },
      { file: 'held-out-00000.bin', split: 'heldOut', ...heldOut, sha256: hash('e') },
    ],
  },
};

const nothing = { documents: 0, bytes: 0 };

/** A run that found no document, with every optional step off. */
export const emptyReport: CorpusReport = {
  ...plausibleReport,
  name: 'nothing',
  config: '',
  seconds: 0,
  machine: { cpu: 'a processor', threads: 1 },
  about: {},
  inputBytes: 0,
  read: nothing,
  removals: [],
  train: { ...nothing, tokens: 0 },
  heldOut: { ...nothing, tokens: 0 },
  sources: [{ name: 'web', paths: ['web'], format: 'text', read: nothing, kept: nothing, tokens: 0, epochs: 0 }],
  problems: { count: 0, first: [] },
  cleaning: [],
  changes: {},
  languages: [],
  lengths: { before: [], after: [] },
  duplicates: undefined,
  personalData: undefined,
  toxicity: undefined,
  contamination: undefined,
  tokenizer: { ...plausibleReport.tokenizer, bytesPerToken: 0, sample: [] },
  stages: [{ stage: 'read', seconds: 0, bytes: 0 }],
  samples: [],
  manifest: { sha256: hash('b'), dtype: 'uint16', shards: [] },
};

/** A web-scale run: every number near the largest whole one that JSON keeps, every list full. */
export const enormousReport: CorpusReport = {
  ...plausibleReport,
  name: 'everything-ever-written',
  seconds: 90 * 86_400,
  inputBytes: 9_007_199_254_740_991,
  read: { documents: 9_007_199_254_740_991, bytes: 9_007_199_254_740_991 },
  removals: Array.from({ length: 60 }, (_, i) => {
    const example = {
      source: `crawl/${'deep/'.repeat(30)}${i}.warc.gz@${i}`,
      detail: `${i} > 0`,
      excerpt: '漢字'.repeat(4_000),
    };
    return cleaning(`rule.${i}`, 100_000_000_000_000, 100_000_000_000_000, example, example, example, example, example);
  }),
  languages: Array.from({ length: 180 }, (_, i) => {
    const amount = { documents: 10 ** (1 + (i % 12)), bytes: 10 ** (3 + (i % 12)) };
    return { language: `x${i}`, before: amount, after: amount };
  }),
  lengths: {
    before: Array.from({ length: 53 }, (_, i) => 2 ** i),
    after: Array.from({ length: 40 }, (_, i) => 2 ** i),
  },
  problems: {
    count: 1_234_567_890,
    first: Array.from({ length: 100 }, (_, i) => ({ source: `file-${i}`, reason: 'broken '.repeat(50) })),
  },
  contamination: {
    ...plausibleReport.contamination!,
    count: 50_000,
    hits: Array.from({ length: 1000 }, (_, i) => ({ source: `s${i}`, file: 'test.jsonl', ngram: 'word '.repeat(13) })),
  },
  manifest: {
    ...plausibleReport.manifest,
    shards: Array.from({ length: 5000 }, (_, i) => {
      return {
        file: `train-${i}.bin`,
        split: 'train',
        documents: 10 ** 9,
        bytes: 10 ** 12,
        tokens: 10 ** 11,
        sha256: hash('f'),
      };
    }),
  },
};

export const hostileText = `</script><script>alert("1")</script><!--<img src=x onerror='a()'>&\u2028| \`\`\`\`\n# x\n[a](javascript:a())`;

/** Fields that hold no text from outside. */
const ours = new Set(['format', 'kind', 'split', 'dtype', 'unit', 'sha256', 'hash']);
/** Fields whose value has names from outside. */
const records = new Set(['settings', 'changes', 'counts']);

/** Every text that may come from outside is an attack. */
export const hostileReport = hostile(plausibleReport) as CorpusReport;

function hostile(value: unknown, named = false): unknown {
  if (typeof value === 'string') return hostileText;
  if (Array.isArray(value)) return value.map((item) => hostile(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      typeof item === 'string' && ours.has(key)
        ? [key, item]
        : [named ? `${hostileText}${key}` : key, hostile(item, records.has(key))],
    ),
  );
}
