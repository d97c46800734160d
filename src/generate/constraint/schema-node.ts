/** JSON schemas read into typed keywords. Whatever is not understood is refused here, by name and place. */
import { InputError } from '../../io/errors.js';
import { formats } from './formats.js';
import { asFraction } from './json-number.js';
import { parsePattern } from './pattern.js';

export const kinds = ['null', 'boolean', 'number', 'string', 'array', 'object'] as const;
export type Kind = (typeof kinds)[number];

/** A schema, its keywords checked. Absent keywords have the value that says nothing. */
export interface SchemaNode {
  readonly id: number;
  /** Where it stands, as a JSON pointer with `#`. */
  readonly path: string;
  /** The schema `false`: nothing is valid. */
  never: boolean;
  kinds: ReadonlySet<Kind>;
  /** Numbers must be whole. */
  integer: boolean;
  /** The only values, of `enum` and `const`. */
  values: readonly unknown[] | null;
  minLength: number;
  maxLength: number;
  pattern: string | null;
  format: string | null;
  minimum: number;
  exclusiveMinimum: number;
  maximum: number;
  exclusiveMaximum: number;
  multipleOf: number | null;
  items: SchemaNode | null;
  prefixItems: readonly SchemaNode[];
  minItems: number;
  maxItems: number;
  uniqueItems: boolean;
  properties: ReadonlyMap<string, SchemaNode>;
  patternProperties: ReadonlyMap<string, SchemaNode>;
  additionalProperties: SchemaNode | null;
  required: readonly string[];
  minProperties: number;
  maxProperties: number;
  /** Schemas that hold as well, of `allOf` and `$ref`. */
  also: SchemaNode[];
  anyOf: readonly SchemaNode[] | null;
  oneOf: readonly SchemaNode[] | null;
}

type Json = Record<string, unknown>;

const annotations = new Set(
  '$schema $id $comment $defs definitions title description default examples example deprecated readOnly writeOnly'.split(' '),
);

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a schema and all it refers to. @throws InputError naming the keyword and its path */
export function readSchema(schema: unknown): SchemaNode {
  let plain: unknown;
  try {
    plain = JSON.parse(JSON.stringify(schema) ?? 'null');
  } catch {
    throw new InputError('the schema is not JSON: it refers to itself or is too deep; use $ref');
  }
  const root = new SchemaReader(plain).node(plain, '#');
  refuseEndless(root);
  return root;
}

class SchemaReader {
  readonly #root: unknown;
  readonly #known = new Map<unknown, SchemaNode>();
  #count = 0;

  constructor(root: unknown) {
    this.#root = root;
  }

  node(value: unknown, path: string): SchemaNode {
    const known = isObject(value) ? this.#known.get(value) : undefined;
    if (known) return known;
    const node = emptyNode(this.#count++, path);
    if (typeof value === 'boolean') {
      node.never = !value;
      return node;
    }
    if (!isObject(value)) throw new InputError(`${path}: a schema is an object or true or false`);
    this.#known.set(value, node);
    for (const [keyword, content] of Object.entries(value)) {
      if (annotations.has(keyword)) continue;
      if (!Object.hasOwn(this.#keywords, keyword))
        throw new InputError(`${path}: the keyword "${keyword}" is not supported`);
      this.#keywords[keyword]!(node, content, `${path}/${keyword}`);
    }
    if (typeof value.$id === 'string' && path !== '#')
      throw new InputError(`${path}: the keyword "$id" is supported at the root only`);
    if (value.nullable === true) node.kinds = new Set([...node.kinds, 'null']);
    return node;
  }

  readonly #keywords: Record<string, (node: SchemaNode, content: unknown, path: string) => void> = {
    type: (node, content, path) => {
      const names = Array.isArray(content) ? content : [content];
      if (names.length === 0) throw new InputError(`${path}: no type`);
      for (const name of names)
        if (name !== 'integer' && !kinds.includes(name as Kind))
          throw new InputError(`${path}: no type ${JSON.stringify(name)}`);
      node.kinds = new Set(names.map((name) => (name === 'integer' ? 'number' : name) as Kind));
      node.integer = names.includes('integer') && !names.includes('number');
    },
    nullable: (_, content, path) => {
      if (typeof content !== 'boolean') throw new InputError(`${path}: must be true or false`);
    },
    enum: (node, content, path) => {
      if (!Array.isArray(content) || content.length === 0) throw new InputError(`${path}: must be a list of values`);
      node.values = node.values === null ? content : content.filter((value) => includesValue(node.values!, value));
    },
    const: (node, content) => {
      node.values = node.values === null || includesValue(node.values, content) ? [content] : [];
    },
    minLength: (node, content, path) => void (node.minLength = count(content, path)),
    maxLength: (node, content, path) => void (node.maxLength = count(content, path)),
    minItems: (node, content, path) => void (node.minItems = count(content, path)),
    maxItems: (node, content, path) => void (node.maxItems = count(content, path)),
    minProperties: (node, content, path) => void (node.minProperties = count(content, path)),
    maxProperties: (node, content, path) => void (node.maxProperties = count(content, path)),
    minimum: (node, content, path) => void (node.minimum = finite(content, path)),
    maximum: (node, content, path) => void (node.maximum = finite(content, path)),
    exclusiveMinimum: (node, content, path) => void (node.exclusiveMinimum = finite(content, path)),
    exclusiveMaximum: (node, content, path) => void (node.exclusiveMaximum = finite(content, path)),
    multipleOf: (node, content, path) => {
      node.multipleOf = finite(content, path);
      if (!asFraction(node.multipleOf))
        throw new InputError(`${path}: is supported for a number above 0 with few digits (up to 1000, 0.001, ...)`);
    },
    pattern: (node, content, path) => void (node.pattern = pattern(content, path)),
    format: (node, content, path) => {
      if (typeof content !== 'string' || !Object.hasOwn(formats, content))
        throw new InputError(
          `${path}: the format ${JSON.stringify(content)} is not supported: ${Object.keys(formats).join(', ')} are`,
        );
      node.format = content;
    },
    items: (node, content, path) => {
      if (Array.isArray(content)) throw new InputError(`${path}: a list of schemas is written prefixItems`);
      node.items = this.node(content, path);
    },
    prefixItems: (node, content, path) => void (node.prefixItems = this.#list(content, path)),
    uniqueItems: (node, content, path) => {
      if (typeof content !== 'boolean') throw new InputError(`${path}: must be true or false`);
      node.uniqueItems = content;
    },
    properties: (node, content, path) => void (node.properties = this.#map(content, path)),
    patternProperties: (node, content, path) => {
      node.patternProperties = this.#map(content, path);
      for (const name of node.patternProperties.keys()) pattern(name, path);
    },
    additionalProperties: (node, content, path) => void (node.additionalProperties = this.node(content, path)),
    required: (node, content, path) => {
      if (!Array.isArray(content) || !content.every((name): name is string => typeof name === 'string'))
        throw new InputError(`${path}: must be a list of names`);
      node.required = content;
    },
    allOf: (node, content, path) => void node.also.push(...this.#list(content, path)),
    anyOf: (node, content, path) => void (node.anyOf = this.#list(content, path)),
    oneOf: (node, content, path) => void (node.oneOf = this.#list(content, path)),
    $ref: (node, content, path) => void node.also.push(this.#resolve(content, path)),
  };

  #list(content: unknown, path: string): SchemaNode[] {
    if (!Array.isArray(content) || content.length === 0) throw new InputError(`${path}: must be a list of schemas`);
    return content.map((value, i) => this.node(value, `${path}/${i}`));
  }

  #map(content: unknown, path: string): Map<string, SchemaNode> {
    if (!isObject(content)) throw new InputError(`${path}: must be an object of schemas`);
    return new Map(Object.entries(content).map(([name, value]) => [name, this.node(value, `${path}/${escape(name)}`)]));
  }

  #resolve(reference: unknown, path: string): SchemaNode {
    if (typeof reference !== 'string' || !/^#(\/|$)/.test(reference))
      throw new InputError(`${path}: ${JSON.stringify(reference)} is not supported: only places in this schema, #/...`);
    let value = this.#root;
    let parts: string[];
    try {
      parts = reference.split('/').slice(1).map((part) => decodeURIComponent(part));
    } catch {
      parts = ['', ''];
    }
    for (const part of parts) {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const inside: unknown = Array.isArray(value) || isObject(value) ? (value as Json) : {};
      if (!Object.hasOwn(inside as Json, name)) throw new InputError(`${path}: there is no ${reference} in this schema`);
      value = (inside as Json)[name];
    }
    return this.node(value, reference);
  }
}

function emptyNode(id: number, path: string): SchemaNode {
  return {
    id,
    path,
    never: false,
    kinds: new Set(kinds),
    integer: false,
    values: null,
    minLength: 0,
    maxLength: Infinity,
    pattern: null,
    format: null,
    minimum: -Infinity,
    exclusiveMinimum: -Infinity,
    maximum: Infinity,
    exclusiveMaximum: Infinity,
    multipleOf: null,
    items: null,
    prefixItems: [],
    minItems: 0,
    maxItems: Infinity,
    uniqueItems: false,
    properties: new Map(),
    patternProperties: new Map(),
    additionalProperties: null,
    required: [],
    minProperties: 0,
    maxProperties: Infinity,
    also: [],
    anyOf: null,
    oneOf: null,
  };
}

/** Whether a schema says nothing: every value is valid. */
export function saysNothing(node: SchemaNode): boolean {
  const size = (value: unknown): unknown => {
    if (value instanceof Set || value instanceof Map) return value.size;
    return Array.isArray(value) ? value.length : value;
  };
  const blank = emptyNode(node.id, node.path);
  return Object.entries(blank).every(([key, value]) => size(node[key as keyof SchemaNode]) === size(value));
}

const escape = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

function count(content: unknown, path: string): number {
  if (typeof content !== 'number' || !Number.isInteger(content) || content < 0)
    throw new InputError(`${path}: must be a whole number from 0`);
  return content;
}

function finite(content: unknown, path: string): number {
  if (typeof content !== 'number' || !Number.isFinite(content)) throw new InputError(`${path}: must be a number`);
  return content;
}

function pattern(content: unknown, path: string): string {
  if (typeof content !== 'string') throw new InputError(`${path}: must be a text`);
  try {
    parsePattern(content);
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message}`, { cause: error });
  }
  return content;
}

/** A value as a text that is equal for equal values, whatever the order of their properties. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalText(value[name])}`).join()}}`;
}

export function includesValue(values: readonly unknown[], value: unknown): boolean {
  const text = canonicalText(value);
  return values.some((other) => canonicalText(other) === text);
}

/** Refuses schemas that refer to themselves for the same value, such as {"$ref": "#"} at the root. */
function refuseEndless(root: SchemaNode): void {
  const state = new Map<SchemaNode, 'open' | 'done'>();
  const inPlace = (node: SchemaNode): void => {
    if (state.get(node) === 'done') return;
    if (state.get(node) === 'open') throw new InputError(`${node.path}: it refers to itself for the same value, endlessly`);
    state.set(node, 'open');
    for (const other of [...node.also, ...(node.anyOf ?? []), ...(node.oneOf ?? [])]) inPlace(other);
    state.set(node, 'done');
  };
  const seen = new Set<SchemaNode>();
  const all = [root];
  for (let node = all.pop(); node; node = all.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    inPlace(node);
    all.push(...node.also, ...(node.anyOf ?? []), ...(node.oneOf ?? []), ...node.prefixItems);
    all.push(...node.properties.values(), ...node.patternProperties.values());
    if (node.items) all.push(node.items);
    if (node.additionalProperties) all.push(node.additionalProperties);
  }
}
