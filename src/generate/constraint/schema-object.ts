/** Objects of a schema as a grammar: declared properties in their order, then others. */
import { InputError } from '../../io/errors.js';
import { nameContent, quoted } from './json-string.js';
import { type Compiler, mostCounted } from './schema-compile.js';
import { type Shape, type Together } from './schema-shape.js';

/** More patterns than this make too many combinations of which a name matches. */
const mostPatterns = 5;

interface Property {
  name: string;
  value: Together;
  required: boolean;
}

/** Names that are not declared: the leaf of the name, and what holds for the value. */
interface Extra {
  leaf: number;
  value: Together;
}

/** Adds, from `start` to `end`, the objects of a shape. `free`: levels of nesting left for values that are free. */
export function compileObject(compiler: Compiler, shape: Shape, start: number, end: number, free: number): void {
  const { required } = shape;
  const properties: Property[] = [];
  for (const name of shape.names) {
    const value = shape.property(name);
    if (!value.some((node) => node.never)) properties.push({ name, value, required: required.has(name) });
    else if (required.has(name)) return;
  }
  new ObjectGrammar(compiler, shape, properties, end, free).build(start);
}

/** Where an object is. Counts are kept as far as the schema bounds them. */
interface Place {
  /** Before the first property, after one, or after a comma. */
  after: 'brace' | 'value' | 'comma';
  /** Declared properties that were passed. */
  passed: number;
  /** Properties so far, up to the upper bound. */
  count: number;
  /** Different names for certain so far, up to the lower bound: of names that are not declared, one. */
  distinct: number;
  extra: boolean;
}

class ObjectGrammar {
  readonly #compiler: Compiler;
  readonly #properties: readonly Property[];
  readonly #extras: readonly Extra[];
  readonly #least: number;
  readonly #most: number;
  readonly #end: number;
  readonly #free: number;
  readonly #where: string;
  readonly #places = new Map<string, number>();
  readonly #queue: Place[] = [];

  constructor(compiler: Compiler, shape: Shape, properties: readonly Property[], end: number, free: number) {
    this.#compiler = compiler;
    this.#properties = properties;
    this.#end = end;
    this.#free = free;
    this.#where = shape.nodes[0]?.path ?? '#';
    [this.#least, this.#most] = shape.range('minProperties', 'maxProperties');
    this.#extras = this.#extrasOf(shape);
    if (this.#extras.length > 0 && this.#least > properties.length + 1)
      throw new InputError(
        `${this.#where}: the keyword "minProperties" is supported up to one more than there are declared properties`,
      );
  }

  build(start: number): void {
    const { grammar } = this.#compiler;
    const first = this.#place({ after: 'brace', passed: 0, count: 0, distinct: 0, extra: false });
    grammar.text(start, '{', first);
    for (let place = this.#queue.pop(); place; place = this.#queue.pop()) this.#from(place, this.#place(place));
  }

  #place(place: Place): number {
    const key = Object.values(place).join();
    let node = this.#places.get(key);
    if (node === undefined) {
      node = this.#compiler.grammar.node();
      this.#places.set(key, node);
      this.#queue.push(place);
      if (this.#places.size > 20 * mostCounted)
        throw new InputError(`${this.#where}: too many properties are counted`);
    }
    return node;
  }

  #from(place: Place, node: number): void {
    const { grammar } = this.#compiler;
    const { after, passed, count } = place;
    const property = this.#properties[passed];
    if (property && !property.required) grammar.free(node, this.#place({ ...place, passed: passed + 1 }));
    if (after !== 'comma' && !property && place.distinct >= this.#least) grammar.text(node, '}', this.#end);
    if (after === 'value') {
      grammar.text(node, ',', this.#place({ ...place, after: 'comma' }));
      return;
    }
    if (count >= this.#most) return;
    if (property) {
      const value = grammar.node();
      grammar.text(node, `${JSON.stringify(property.name)}:`, value);
      this.#value(value, property.value, this.#next(place, passed + 1, place.extra));
      return;
    }
    for (const { leaf, value } of this.#extras) {
      const named = grammar.node();
      const colon = grammar.node();
      grammar.callLeaf(node, leaf, named);
      grammar.text(named, ':', colon);
      this.#value(colon, value, this.#next(place, passed, true));
    }
  }

  #value(from: number, value: Together, next: Place): void {
    const { grammar } = this.#compiler;
    grammar.call(from, this.#compiler.value(value, this.#free), this.#place(next));
  }

  #next(place: Place, passed: number, extra: boolean): Place {
    const isNew = passed > place.passed || !place.extra;
    return {
      after: 'value',
      passed,
      count: this.#most === Infinity ? 0 : place.count + 1,
      distinct: Math.min(this.#least, place.distinct + (isNew ? 1 : 0)),
      extra: this.#least > 0 && extra,
    };
  }

  /** One entry for each combination of patterns that a name may match. */
  #extrasOf(shape: Shape): Extra[] {
    const { patterns } = shape;
    if (patterns.length > mostPatterns)
      throw new InputError(`${this.#where}: over ${mostPatterns} patternProperties together`);
    const extras: Extra[] = [];
    for (let bits = 0; bits < 1 << patterns.length; bits++) {
      const matched = patterns.filter((_, i) => bits & (1 << i));
      const value = shape.extra(matched);
      if (value === null || value.some((node) => node.never)) continue;
      const unmatched = patterns.filter((pattern) => !matched.includes(pattern));
      const leaf = this.#compiler.leaf(quoted(nameContent(matched, unmatched, shape.names)));
      if (leaf !== null) extras.push({ leaf, value });
    }
    return extras;
  }
}
