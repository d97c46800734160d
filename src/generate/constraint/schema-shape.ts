/**
 * What several schemas say together about one value. `allOf` and `$ref` add schemas, `anyOf` and `oneOf` make
 * alternatives; what is left is a list of shapes, a value being valid where it is valid for one of them.
 */
import { InputError } from '../../io/errors.js';
import type { NumberBounds } from './json-number.js';
import type { StringBounds } from './json-string.js';
import { canonicalText, type Kind, kinds, type SchemaNode } from './schema-node.js';
import { isValid, schemasOfProperty } from './schema-value.js';
import { areDisjoint } from './schema-disjoint.js';

/** Schemas that all hold for one value. */
export type Together = readonly SchemaNode[];

const mostShapes = 256;

/** One alternative of what {@link Together} allows: every node holds, and none has alternatives of its own left. */
export class Shape {
  readonly nodes: Together;
  readonly kinds: ReadonlySet<Kind>;
  /** The only values, all of them valid; null where there are others. */
  readonly values: readonly unknown[] | null;

  constructor(nodes: Together) {
    this.nodes = nodes;
    this.kinds = new Set(kinds.filter((kind) => nodes.every((node) => node.kinds.has(kind))));
    const listed = nodes.find((node) => node.values !== null)?.values;
    this.values = listed ? distinct(listed.filter((value) => nodes.every((node) => isValidHere(node, value)))) : null;
  }

  number(): NumberBounds {
    const { nodes } = this;
    const bounds = (key: 'minimum' | 'maximum' | 'exclusiveMinimum' | 'exclusiveMaximum', exclusive: boolean) =>
      nodes.filter((node) => Number.isFinite(node[key])).map((node) => ({ value: node[key], exclusive }));
    return {
      integer: nodes.some((node) => node.integer),
      least: [...bounds('minimum', false), ...bounds('exclusiveMinimum', true)],
      most: [...bounds('maximum', false), ...bounds('exclusiveMaximum', true)],
      multipleOf: [...new Set(nodes.flatMap((node) => node.multipleOf ?? []))],
    };
  }

  string(): StringBounds {
    const { nodes } = this;
    return {
      least: Math.max(0, ...nodes.map((node) => node.minLength)),
      most: Math.min(...nodes.map((node) => node.maxLength)),
      patterns: [...new Set(nodes.flatMap((node) => node.pattern ?? []))],
      formats: [...new Set(nodes.flatMap((node) => node.format ?? []))],
    };
  }

  /** How many items or properties. */
  range(least: 'minItems' | 'minProperties', most: 'maxItems' | 'maxProperties'): [number, number] {
    return [Math.max(0, ...this.nodes.map((node) => node[least])), Math.min(...this.nodes.map((node) => node[most]))];
  }

  /** What holds for item `i`. */
  item(i: number): Together {
    return unique(this.nodes.flatMap((node) => node.prefixItems[i] ?? node.items ?? []));
  }

  get prefixLength(): number {
    return Math.max(0, ...this.nodes.map((node) => node.prefixItems.length));
  }

  property(name: string): Together {
    return unique(this.nodes.flatMap((node) => schemasOfProperty(node, name)));
  }

  get required(): ReadonlySet<string> {
    return new Set(this.nodes.flatMap((node) => node.required));
  }

  /** All names that are declared, in order; required ones that are not come last. */
  get names(): string[] {
    return [...new Set([...this.nodes.flatMap((node) => [...node.properties.keys()]), ...this.required])];
  }

  get patterns(): string[] {
    return [...new Set(this.nodes.flatMap((node) => [...node.patternProperties.keys()]))];
  }

  /** What holds for a property that is not declared and whose name matches just these patterns; null: there is none. */
  extra(matched: readonly string[]): Together | null {
    const found = this.nodes.flatMap((node) => {
      const own = matched.flatMap((pattern) => node.patternProperties.get(pattern) ?? []);
      return own.length > 0 || !node.additionalProperties ? own : [node.additionalProperties];
    });
    // Where properties are declared and nothing is said of others, there are no others.
    const open =
      found.length > 0 ||
      this.nodes.every(
        ({ properties, patternProperties, required }) =>
          properties.size + patternProperties.size + required.length === 0,
      );
    return open ? unique(found) : null;
  }
}

/** The keywords of a node alone; its alternatives are nodes of the shape. */
function isValidHere(node: SchemaNode, value: unknown): boolean {
  return isValid({ ...node, also: [], anyOf: null, oneOf: null }, value);
}

function distinct(values: readonly unknown[]): unknown[] {
  return [...new Map(values.map((value) => [canonicalText(value), value])).values()];
}

export function unique(nodes: Together): Together {
  return [...new Set(nodes)].toSorted((a, b) => a.id - b.id);
}

/**
 * The alternatives. @throws InputError where a `oneOf` has alternatives that may hold at once, as its meaning then is no
 * union; and for too many of them
 */
export function shapesOf(nodes: Together, depth = 0): Shape[] {
  const sets = new Map<string, Together>();
  expand([...nodes], new Set(), [], (found) => {
    const set = unique(found);
    sets.set(set.map(({ id }) => id).join(), set);
    if (sets.size > mostShapes) throw new InputError(`${nodes[0]?.path ?? '#'}: over ${mostShapes} combinations of alternatives`);
  }, depth);
  return [...sets.values()].map((set) => new Shape(set));
}

function expand(
  todo: SchemaNode[],
  done: Set<SchemaNode>,
  groups: (readonly SchemaNode[])[],
  give: (found: SchemaNode[]) => void,
  depth: number,
): void {
  for (let node = todo.pop(); node; node = todo.pop()) {
    if (done.has(node)) continue;
    if (node.never) return;
    done.add(node);
    todo.push(...node.also);
    if (node.anyOf) groups.push(node.anyOf);
    if (node.oneOf) {
      checkOneOf(node, [...done], depth);
      groups.push(node.oneOf);
    }
  }
  const [group, ...others] = groups;
  if (!group) give([...done]);
  else for (const alternative of group) expand([alternative], new Set(done), [...others], give, depth);
}

/** The parts of `oneOf` must exclude one another, each taken with what holds anyway. */
function checkOneOf(node: SchemaNode, done: Together, depth: number): void {
  const base = done.filter((other) => other !== node).map(withoutAlternatives);
  const own = withoutAlternatives(node);
  node.oneOf!.forEach((one, i) =>
    node.oneOf!.slice(i + 1).forEach((other, j) => {
      if (!areDisjoint([...base, own, one], [...base, own, other], depth))
        throw new InputError(
          `${node.path}/oneOf: the alternatives ${i} and ${i + 1 + j} may both hold, or cannot be told apart; make them exclude each other (a const, required names, ranges) or use anyOf`,
        );
    }),
  );
}

function withoutAlternatives(node: SchemaNode): SchemaNode {
  return { ...node, also: [], anyOf: null, oneOf: null };
}
