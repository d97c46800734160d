/** Random schemas of all supported keywords, and documents that may be valid by them: for the tests and the benchmark. */
import { Random } from '../../io/hash-random.js';

type Json = Record<string, unknown>;

/** Patterns, each with texts that match and one that does not. */
const patterns: readonly (readonly [string, ...string[]])[] = [
  ['^[a-c]{1,3}$', 'a', 'abc', 'd'],
  ['x', 'x', 'axb', 'b'],
  ['^(foo|bar)+', 'foo', 'barfoo!', 'baz'],
  [String.raw`\d{2}-\d$`, '12-3', 'é45-6', '1-2'],
  [String.raw`^\p{Lu}[^\s"\\]*$`, 'É', 'Ab1', 'a'],
  ['^.?$', '', '"', 'ab'],
  ['^[^a]$|^aa$', 'aa', '\n', 'a'],
];
const formatted: Readonly<Record<string, readonly string[]>> = {
  date: ['2024-02-29', '1999-12-31', '2023-02-29'],
  time: ['23:59:59Z', '00:00:00.5+01:00', '24:00:00Z'],
  'date-time': ['2024-02-29T12:00:00Z', '2024-02-30T12:00:00Z'],
  email: ['a.b@example.org', 'a@b'],
  hostname: ['example.org', '-a'],
  ipv4: ['127.0.0.1', '256.1.1.1'],
  ipv6: ['::1', '1:2:3:4:5:6:7:8', '2001:db8::', ':::'],
  uuid: ['01234567-89ab-cdef-0123-456789abcdef', '0123'],
  uri: ['https://example.org/a?b=c#d', 'x'],
};
const names = ['a', 'b', 'name', 'is "x"', 'é', '😀 key', 'x1', 'line\n', '', 'foo'];
const words = ['', 'a', 'b', 'ab', 'x', 'é', '😀', '"', '\\', '\n\u0001', 'foo', 'longer text', '12-3', '\u2028'];

export class RandomSchemas {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  #int(n: number): number {
    return this.#random.int(n);
  }

  #chance(p: number): boolean {
    return this.#random.uniform() < p;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#int(items.length)]!;
  }

  #some<T>(items: readonly T[], most: number): T[] {
    return this.#random.shuffle([...items]).slice(0, this.#int(most + 1));
  }

  /** A schema with definitions, which may refer to each other and to the root. */
  schema(): Json {
    const definitions = Object.fromEntries(['one', 'two'].map((name) => [name, this.#any(2)]));
    const root = this.#any(3);
    return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'random', ...root, $defs: definitions };
  }

  #any(depth: number): Json {
    const make = this.#pick(
      depth <= 0
        ? [this.#string, this.#number, this.#integer, this.#values, this.#plain]
        : [
            this.#string,
            this.#number,
            this.#integer,
            this.#values,
            this.#plain,
            this.#object,
            this.#object,
            this.#object,
            this.#array,
            this.#array,
            this.#anyOf,
            this.#oneOf,
            this.#allOf,
            this.#reference,
            this.#free,
          ],
    );
    const schema = make.call(this, depth - 1);
    if (this.#chance(0.1)) schema.description = 'a value';
    return schema;
  }

  #plain(): Json {
    return this.#pick([
      () => ({ type: 'null' }),
      () => ({ type: 'boolean' }),
      () => ({ type: ['string', 'null'], maxLength: 6 }),
      () => ({ type: 'string', nullable: true, minLength: 1, maxLength: 4 }),
      () => ({ type: ['integer', 'boolean', 'null'], minimum: 3 }),
      () => ({ type: ['number', 'string'] }),
    ])();
  }

  #string(): Json {
    const schema: Json = { type: 'string' };
    const kind = this.#int(4);
    if (kind === 0) schema.pattern = this.#pick(patterns)[0];
    if (kind === 1) schema.format = this.#pick(Object.keys(formatted));
    else if (this.#chance(0.6)) {
      schema.minLength = this.#int(4);
      if (this.#chance(0.7)) schema.maxLength = (schema.minLength as number) + this.#int(kind === 0 ? 4 : 40);
    }
    return schema;
  }

  #number(): Json {
    const schema: Json = { type: 'number' };
    const low = this.#pick([-1000, -2.5, -0.001, 0, 0.1, 1, 3.75, 99, 1e-7, 123456.789]);
    if (this.#chance(0.5)) schema[this.#pick(['minimum', 'exclusiveMinimum'])] = low;
    if (this.#chance(0.5)) schema[this.#pick(['maximum', 'exclusiveMaximum'])] = low + this.#pick([0.5, 1, 20, 1e6]);
    if (this.#chance(0.2)) schema.multipleOf = this.#pick([0.5, 0.25, 2, 0.01, 0.1, 1.5]);
    return schema;
  }

  #integer(): Json {
    const schema: Json = { type: 'integer' };
    const low = this.#pick([-1000, -7, 0, 1, 5, 99, 1e9]);
    if (this.#chance(0.6)) schema[this.#pick(['minimum', 'exclusiveMinimum'])] = low;
    if (this.#chance(0.6)) schema[this.#pick(['maximum', 'exclusiveMaximum'])] = low + this.#pick([2, 10, 1234567]);
    if (this.#chance(0.2)) schema.multipleOf = this.#pick([1, 2, 3, 7, 10]);
    return schema;
  }

  #value(depth: number): unknown {
    const kind = this.#int(depth > 0 ? 7 : 5);
    if (kind === 0) return null;
    if (kind === 1) return this.#chance(0.5);
    if (kind === 2) return this.#pick([0, 1, -1, 3, 12, 100, 1e21, 123456789]);
    if (kind === 3) return this.#pick([0.5, -2.25, 1e-9, 3.14, 99.5, 12345.678]);
    if (kind === 4) return this.#pick(words);
    if (kind === 5) return Array.from({ length: this.#int(3) }, () => this.#value(depth - 1));
    return Object.fromEntries(this.#some(names, 2).map((name) => [name, this.#value(depth - 1)]));
  }

  #values(): Json {
    if (this.#chance(0.3)) return { const: this.#value(2) };
    const schema: Json = { enum: Array.from({ length: 1 + this.#int(5) }, () => this.#value(1)) };
    // Other keywords leave only some of the values.
    if (this.#chance(0.2)) schema.type = ['string', 'number'];
    return schema;
  }

  #free(): Json {
    return this.#pick([
      () => ({}),
      () => ({ type: 'object' }),
      () => ({ type: 'array', maxItems: 2 }),
      () => ({ type: 'object', maxProperties: 2, minProperties: 1 }),
      () => ({ minLength: 2, maximum: 3, minItems: 1 }),
    ])();
  }

  #object(depth: number): Json {
    const declared = this.#some(names, 4);
    const properties = Object.fromEntries(declared.map((name) => [name, this.#any(depth)]));
    const schema: Json = { type: 'object', properties, required: declared.filter(() => this.#chance(0.5)) };
    if (this.#chance(0.1)) (schema.required as string[]).push('extra');
    if (this.#chance(0.4)) schema.additionalProperties = this.#pick([false, true, this.#any(depth), this.#any(0)]);
    if (this.#chance(0.2)) schema.patternProperties = { [this.#pick(patterns)[0]]: this.#any(depth), '^x': this.#any(0) };
    if (this.#chance(0.15)) schema.minProperties = Math.max(0, declared.length - this.#int(2));
    if (this.#chance(0.15)) schema.maxProperties = declared.length + this.#int(2);
    return schema;
  }

  #array(depth: number): Json {
    const schema: Json = { type: 'array' };
    if (this.#chance(0.1)) return { type: 'array', items: { enum: ['a', 'b', 1, null] }, uniqueItems: true, minItems: 1 };
    if (this.#chance(0.3)) schema.prefixItems = [this.#any(depth), this.#any(0)];
    if (this.#chance(0.8)) schema.items = this.#chance(0.1) ? false : this.#any(depth);
    if (this.#chance(0.4)) schema.minItems = this.#int(3);
    if (this.#chance(0.5)) schema.maxItems = 1 + this.#int(4);
    return schema;
  }

  #anyOf(depth: number): Json {
    const alternatives = Array.from({ length: 2 + this.#int(2) }, () => this.#any(depth));
    return this.#chance(0.3)
      ? { type: ['object', 'string', 'integer'], anyOf: alternatives }
      : { anyOf: alternatives };
  }

  #oneOf(depth: number): Json {
    const tagged = (tag: string): Json => {
      const other = this.#object(depth);
      return {
        type: 'object',
        properties: { kind: { const: tag }, ...(other.properties as Json) },
        required: ['kind'],
        additionalProperties: this.#chance(0.5),
      };
    };
    return this.#pick([
      () => ({ oneOf: [tagged('one'), tagged('two'), { type: 'null' }] }),
      () => ({ oneOf: [this.#string(), this.#integer(), this.#array(depth)] }),
      () => ({ type: 'integer', oneOf: [{ maximum: 3 }, { minimum: 10 }] }),
      () => ({ type: 'string', oneOf: [{ pattern: '^a' }, { pattern: '^b', maxLength: 5 }] }),
      () => ({
        oneOf: ['p', 'q'].map((name) => ({ type: 'object', properties: { [name]: this.#any(0) }, required: [name] })),
      }),
    ])();
  }

  #allOf(depth: number): Json {
    return this.#pick([
      () => ({ allOf: [this.#object(depth), this.#object(depth)] }),
      () => ({ type: 'string', allOf: [{ minLength: 2 }, { pattern: '[xyz]' }], maxLength: 8 }),
      () => ({ allOf: [{ type: 'number', minimum: 2 }, { multipleOf: 0.5 }, { type: 'integer', maximum: 40 }] }),
      () => ({ allOf: [this.#array(depth), { maxItems: 3 }] }),
      () => ({ ...this.#object(depth), allOf: [{ anyOf: [{ required: ['a'] }, { required: ['b'] }] }] }),
    ])();
  }

  #reference(): Json {
    return { $ref: this.#pick(['#', '#/$defs/one', '#/$defs/two']) };
  }

  /** A document that follows a schema loosely; a validator tells whether it is valid. */
  document(schema: unknown, root: unknown = schema, depth = 6): unknown {
    if (typeof schema !== 'object' || schema === null || depth <= 0) return this.#value(1);
    const s = schema as Json;
    if (typeof s.$ref === 'string') {
      const name = s.$ref.split('/')[2];
      return this.document(name === undefined ? root : ((root as Json).$defs as Json)[name], root, depth - 1);
    }
    for (const key of ['anyOf', 'oneOf', 'allOf'])
      if (Array.isArray(s[key]) && this.#chance(s.type === undefined || key === 'allOf' ? 0.9 : 0.5)) {
        const all = key === 'allOf' ? Object.assign({}, ...(s[key] as Json[])) : this.#pick(s[key] as unknown[]);
        return this.document({ ...s, [key]: undefined, ...(all as Json) }, root, depth - 1);
      }
    if ('const' in s) return s.const;
    if (Array.isArray(s.enum)) return this.#pick(s.enum);
    const kind = this.#pick(Array.isArray(s.type) ? s.type : [s.type ?? 'any']) as string;
    if (kind === 'object') return this.#objectOf(s, root, depth);
    if (kind === 'array') {
      const length = Number(s.minItems ?? 0) + this.#int(3);
      const prefix = (s.prefixItems ?? []) as unknown[];
      return Array.from({ length }, (_, i) => this.document(prefix[i] ?? s.items ?? true, root, depth - 1));
    }
    if (kind === 'string') return this.#textOf(s);
    if (kind === 'boolean') return this.#chance(0.5);
    if (kind === 'null') return null;
    if (kind !== 'integer' && kind !== 'number') return this.#value(1);
    const low = Number(s.minimum ?? s.exclusiveMinimum ?? Number(s.maximum ?? s.exclusiveMaximum ?? 10) - 5);
    const step = Number(s.multipleOf ?? (kind === 'integer' ? 1 : this.#pick([1, 0.5, 0.125, 1e-3])));
    return (Math.ceil(low / step) + this.#int(10)) * step;
  }

  #textOf(s: Json): string {
    if (typeof s.format === 'string') return this.#pick(formatted[s.format]!);
    const known = patterns.find(([pattern]) => pattern === s.pattern);
    if (known) return this.#pick(known.slice(1));
    const length = Number(s.minLength ?? 0) + this.#int(3);
    return Array.from({ length }, () => this.#pick([...words.join('')])).join('');
  }

  #objectOf(s: Json, root: unknown, depth: number): Json {
    const out: Json = {};
    const put = (name: string, value: unknown): void => {
      Object.defineProperty(out, name, { value, enumerable: true, writable: true, configurable: true });
    };
    const properties = (s.properties ?? {}) as Json;
    const required = (s.required ?? []) as string[];
    for (const name of Object.keys(properties))
      if (required.includes(name) || this.#chance(0.5)) put(name, this.document(properties[name], root, depth - 1));
    for (const name of required)
      if (!Object.hasOwn(out, name)) put(name, this.document(s.additionalProperties ?? true, root, depth - 1));
    if (s.additionalProperties !== undefined || s.patternProperties || !s.properties)
      for (const name of this.#some([...names, 'xyz', 'other', 'foo2'], 2)) {
        if (Object.hasOwn(properties, name) || Object.hasOwn(out, name)) continue;
        const found = Object.entries((s.patternProperties ?? {}) as Json).find(([p]) => new RegExp(p, 'u').test(name));
        put(name, this.document(found?.[1] ?? s.additionalProperties ?? true, root, depth - 1));
      }
    return out;
  }
}
