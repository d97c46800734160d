import { type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { Random } from '../../io/hash-random.js';
import { byteTokenizer, trainBpe } from '../../tokenizer/index.js';
import { formats } from './formats.js';
import { type CompiledConstraint, jsonSchemaConstraint } from './index.js';
import { RandomSchemas } from './random-schema.js';
import { acceptsText, randomTokens } from './samples.js';

const bytes = byteTokenizer();
const prose = [
  '{"name":"a","other":[1,2,true,null]}',
  '{"kind":"one","é":{"a":-1.5e+21}}',
  '{"x1":"2024-02-29T12:00:00Z"}',
];
const bpe = await trainBpe({
  texts: prose.flatMap((text) => [text, text.replaceAll(':', ': '), text]),
  vocabSize: 400,
});

// The validator's own formats are patterns of ours; it divides doubles where a multiple must be exact, hence the tolerance.
const patterns = Object.entries(formats).map(([name, pattern]) => [name, new RegExp(`^(?:${pattern})$`, 'u')] as const);
function validator(schema: object): ValidateFunction {
  return new Ajv2020({ strict: false, multipleOfPrecision: 3, formats: Object.fromEntries(patterns) }).compile(schema);
}

/** Schemas of many seeds, those left out that allow nothing. */
function* schemas(first: number, count: number) {
  for (let seed = first; seed < first + count; seed++) {
    const random = new RandomSchemas(seed);
    const schema = random.schema();
    try {
      yield { seed, random, schema, constraint: jsonSchemaConstraint(schema, bpe) };
    } catch (error) {
      if (!/no text at all|endlessly/.test((error as Error).message)) throw error;
    }
  }
}

it('random tokens of random schemas give valid documents, within the tokens there are', () => {
  const choice = new Random(7);
  let documents = 0;
  for (const { seed, schema, constraint } of schemas(0, 15)) {
    const valid = validator(schema);
    for (let i = 0; i < 3; i++) {
      const limit = 30 + choice.int(150);
      const tokens = randomTokensOrNone(constraint, limit, choice);
      expect(tokens.length).toBeLessThanOrEqual(limit);
      const text = bpe.decode(tokens);
      expect(text === '' || valid(JSON.parse(text)), `${seed}: ${text}`).toBe(true);
      if (text !== '') documents++;
    }
  }
  expect(documents).toBeGreaterThan(30);
}, 120_000);

/** None where the shortest document does not fit, which is said at the start. */
function randomTokensOrNone(constraint: CompiledConstraint, limit: number, random: Random): number[] {
  try {
    return randomTokens(constraint, limit, random);
  } catch (error) {
    if (/shortest text takes \d+ tokens/.test((error as Error).message)) return [];
    throw error;
  }
}

/** Whether a document keeps to what is documented beyond the schema: numbers of few digits, no undeclared properties. */
function isPlain(value: unknown, schema: string): boolean {
  if (typeof value === 'number') return String(value).replace(/\D/g, '').length <= 15 && !String(value).includes('e');
  if (typeof value !== 'object' || value === null) return true;
  // Extra properties are left out of this test where some object of the schema does not speak of them.
  const closed = schema.includes('"properties"') && !Array.isArray(value);
  if (closed && Object.keys(value).some((name) => !schema.includes(`${JSON.stringify(name)}:`))) return false;
  return Object.values(value).every((inside) => isPlain(inside, schema));
}

it('accepts the valid documents among random ones, and no others', () => {
  const counts = { valid: 0, invalid: 0, missed: 0 };
  for (const { random, schema, constraint, seed } of schemas(1000, 20)) {
    const valid = validator(schema);
    const text = JSON.stringify(schema);
    for (let i = 0; i < 25; i++) {
      const document = random.document(schema);
      const json = JSON.stringify(document);
      const accepted = acceptsText(constraint, bpe, json);
      const isValid = valid(document);
      expect(accepted && !isValid, `${seed}: ${json}`).toBe(false);
      if (!isValid) counts.invalid++;
      else if (accepted) counts.valid++;
      else if (isPlain(document, text)) counts.missed++;
    }
  }
  expect(counts.valid).toBeGreaterThan(200);
  expect(counts.invalid).toBeGreaterThan(50);
  // What is left are properties that one object declares and another, which says nothing of them, is given.
  expect(counts.missed).toBeLessThan(counts.valid / 50);
}, 120_000);

describe('what a schema means', () => {
  const list = {
    $defs: {
      n: { properties: { v: { type: 'integer' }, next: { $ref: '#/$defs/n' } }, required: ['v'], type: 'object' },
    },
    $ref: '#/$defs/n',
  };
  const labels = { type: 'array', items: { enum: ['a', 'b', 'c'] }, uniqueItems: true, minItems: 1 };
  const merged = {
    type: 'object',
    allOf: [{ properties: { a: { type: 'integer' } } }, { properties: { b: { type: 'null' }, a: { minimum: 3 } } }],
    required: ['a'],
  };
  const shapes = {
    oneOf: [
      { properties: { k: { const: 'x' } }, required: ['k'] },
      { properties: { k: { const: 'y' }, n: {} }, required: ['k'] },
    ],
    type: 'object',
  };
  it.each<[unknown, string[], string[]]>([
    [
      list,
      ['{"v":1}', '{"v":1,"next":{"v":2,"next":{"v":-3}}}'],
      ['{"next":{"v":1}}', '{"v":1,"next":null}', '{"v":01}'],
    ],
    [labels, ['["b"]', '["c","a","b"]'], ['[]', '["a","a"]', '["d"]']],
    [merged, ['{"a":3}', '{"a":10,"b":null}'], ['{"a":2}', '{"b":null}', '{"a":3,"c":1}']],
    [shapes, ['{"k":"x"}', '{"k":"y","n":[]}'], ['{"k":"x","n":1}', '{"k":"z"}']],
    [
      { type: 'string', minLength: 2, maxLength: 3 },
      ['"éé"', '"😀a\\n"'],
      ['"é"', '"abcd"', String.raw`"\ud83d"`, '"a\nb"'],
    ],
    [{ type: 'string', pattern: '^a.*"$' }, [String.raw`"a\""`, String.raw`"a\\\""`], ['"a"', String.raw`"\u0061\""`]],
    [
      { type: 'integer', minimum: -12, exclusiveMaximum: 105 },
      ['-12', '0', '104', '99'],
      ['-13', '105', '-0', '1.0', '1e1'],
    ],
    [{ type: 'number', multipleOf: 0.01, minimum: 0 }, ['0', '0.01', '12.5', '7.07'], ['0.001', '-0.01', '1.']],
    [{ type: ['boolean', 'null'] }, ['true', 'null'], ['"true"', '0']],
    [{ type: 'string', nullable: true }, ['null', '""'], ['1']],
    [{ enum: [1, 'a', null, { b: [1.5] }], type: ['number', 'object'] }, ['1', '{"b":[1.5]}'], ['"a"', 'null']],
    [
      { type: 'array', prefixItems: [{ const: 1 }, { type: 'boolean' }], items: false, minItems: 1 },
      ['[1]', '[1,true]'],
      ['[]', '[1,true,1]'],
    ],
    [
      { type: 'object', additionalProperties: { type: 'integer' }, properties: { a: { type: 'null' } } },
      ['{}', '{"a":null,"b":1}'],
      ['{"a":1}', '{"b":null}'],
    ],
    [
      { type: 'object', patternProperties: { '^x': { type: 'integer' } }, maxProperties: 1 },
      ['{}', '{"xy":1}'],
      ['{"y":1}', '{"x1":1,"x2":2}'],
    ],
    [true, ['{"a":[1,{"b":"c"}]}', '-1.5e-7'], ['[[[[[[[[1]]]]]]]]', '[1,]']],
  ])('%j', (schema, good, bad) => {
    const constraint = jsonSchemaConstraint(schema, bytes);
    for (const text of good) expect(acceptsText(constraint, bytes, text), text).toBe(true);
    for (const text of bad) expect(acceptsText(constraint, bytes, text), text).toBe(false);
  });
});

describe('what is refused', () => {
  it.each<[unknown, RegExp]>([
    [{ properties: { a: { not: {} } } }, /#\/properties\/a: the keyword "not" is not supported/],
    [{ items: { if: true } }, /#\/items: the keyword "if"/],
    [{ $defs: { 'a/b': { contains: {} } }, $ref: '#/$defs/a~1b' }, /#\/\$defs\/a~1b: the keyword "contains"/],
    [{ $ref: 'https://example.org/schema' }, /#\/\$ref: .* only places in this schema/],
    [{ $ref: '#/$defs/none' }, /there is no #\/\$defs\/none/],
    [{ anyOf: [{ $ref: '#' }, {}] }, /endlessly/],
    [{ oneOf: [{ type: 'integer' }, { type: 'number' }] }, /#\/oneOf: the alternatives 0 and 1 may both hold/],
    [{ type: 'array', items: { type: 'string' }, uniqueItems: true }, /"uniqueItems" is supported where/],
    [{ type: 'string', format: 'iri' }, /#\/format: the format "iri"/],
    [{ type: 'string', pattern: '(?=a)' }, /#\/pattern: .*look-around/],
    [{ type: 'string', pattern: String.raw`(a)\1` }, /back reference/],
    [{ type: 'text' }, /#\/type: no type "text"/],
    [{ minimum: '3' }, /#\/minimum: must be a number/],
    [{ multipleOf: 0.1234567 }, /#\/multipleOf/],
    [{ type: 'integer', minimum: 3, maximum: 2 }, /the schema allows no text at all/],
    [{ properties: { a: { $ref: '#' } }, required: ['a'], type: 'object' }, /no text at all/],
    [3, /#: a schema is an object/],
  ])('%j', (schema, message) => {
    expect(() => jsonSchemaConstraint(schema, bytes)).toThrow(message);
  });

  it('a limit that no document fits', () => {
    const schema = { type: 'object', properties: { name: { type: 'string', minLength: 5 } }, required: ['name'] };
    const shortest = '{"name":"     "}'.length;
    expect(() => jsonSchemaConstraint(schema, bytes).start({ maxTokens: shortest - 1 })).toThrow(
      /takes 16 tokens.* 15/,
    );
    expect(randomTokens(jsonSchemaConstraint(schema, bytes), shortest, new Random(1))).toHaveLength(shortest);
  });
});
