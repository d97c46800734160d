/** From schemas to a grammar: a node for each set of schemas that hold together, called wherever they do. */
import { type Dfa, isEmpty, literals, step, unite } from './dfa.js';
import { Grammar } from './grammar.js';
import { numberAutomaton } from './json-number.js';
import { quoted, type StringBounds, stringContent } from './json-string.js';
import { CountedLeaf, type Leaf, TableLeaf } from './leaf.js';
import { compileArray } from './schema-array.js';
import { saysNothing } from './schema-node.js';
import { compileObject } from './schema-object.js';
import { type Shape, shapesOf, type Together, unique } from './schema-shape.js';
import type { Vocabulary } from './vocabulary.js';

/** Counts in a schema that need a place in the grammar each. */
export const mostCounted = 10_000;
/** A string of more characters than this is not counted. */
const longestString = 1_000_000;

/** What the parts of a schema need to compile their own parts. */
export interface Compiler {
  readonly grammar: Grammar;
  /** The node to call for a value for which all of the schemas hold. `free`: levels left where they say nothing. */
  value(nodes: Together, free?: number): number;
  /** A leaf of an automaton; equal automata (the same object) are one leaf. Null for an empty one. */
  leaf(dfa: Dfa): number | null;
}

export class SchemaCompiler implements Compiler {
  readonly grammar = new Grammar();
  readonly #vocabulary: Vocabulary;
  readonly #freeDepth: number;
  readonly #values = new Map<string, number>();
  readonly #leaves = new Map<Dfa | string, number>();

  constructor(vocabulary: Vocabulary, freeDepth: number) {
    this.#vocabulary = vocabulary;
    this.#freeDepth = freeDepth;
  }

  value(nodes: Together, free = this.#freeDepth): number {
    const said = unique(nodes.filter((node) => !saysNothing(node)));
    const isFree = said.length === 0;
    const key = isFree ? `free ${free}` : said.map(({ id }) => id).join();
    let start = this.#values.get(key);
    if (start !== undefined) return start;
    const { grammar } = this;
    start = grammar.node();
    const end = grammar.node(true);
    this.#values.set(key, start);
    const inner = isFree ? free - 1 : this.#freeDepth;
    const regular: Dfa[] = [];
    for (const shape of shapesOf(said)) {
      if (shape.values) {
        if (shape.values.length > 0)
          regular.push(literals(shape.values.map((value) => Buffer.from(JSON.stringify(value)))));
        continue;
      }
      regular.push(...this.#scalars(shape, start, end));
      if (isFree && free <= 0) continue;
      if (shape.kinds.has('array')) compileArray(this, shape, start, end, inner);
      if (shape.kinds.has('object')) compileObject(this, shape, start, end, inner);
    }
    const parts = [...new Set(regular)].filter((dfa) => !isEmpty(dfa));
    if (parts.length > 0) {
      const leaf = this.leaf(unite(parts, 'a choice of values'));
      if (leaf !== null) grammar.callLeaf(start, leaf, end);
    }
    return start;
  }

  leaf(dfa: Dfa): number | null {
    return isEmpty(dfa) ? null : this.#leaf(dfa, () => new TableLeaf(dfa, this.#vocabulary));
  }

  #leaf(key: Dfa | string, make: () => Leaf): number {
    let leaf = this.#leaves.get(key);
    if (leaf === undefined) this.#leaves.set(key, (leaf = this.grammar.leaf(make())));
    return leaf;
  }

  #scalars(shape: Shape, start: number, end: number): Dfa[] {
    const { kinds } = shape;
    const found: Dfa[] = [];
    if (kinds.has('null')) found.push(nullText);
    if (kinds.has('boolean')) found.push(booleanTexts);
    if (kinds.has('number')) found.push(numberAutomaton(shape.number()));
    if (!kinds.has('string')) return found;
    const bounds = shape.string();
    if (bounds.least > bounds.most) return found;
    const counted = bounds.patterns.length + bounds.formats.length === 0;
    if (!counted || (bounds.least === 0 && bounds.most === Infinity)) found.push(quoted(stringContent(bounds)));
    else this.grammar.callLeaf(start, this.#counted(bounds.least, bounds.most), end);
    return found;
  }

  #counted(least: number, most: number): number {
    return this.#leaf(`${least} to ${most}`, () => {
      const any = quoted(stringContent(anyString));
      const limit = most > longestString ? Infinity : most;
      return new CountedLeaf(any, step(any, 0, 0x22), Math.min(least, longestString), limit, this.#vocabulary);
    });
  }
}

const anyString: StringBounds = { least: 0, most: Infinity, patterns: [], formats: [] };
const nullText = literals([Buffer.from('null')]);
const booleanTexts = literals([Buffer.from('true'), Buffer.from('false')]);
