/**
 * Whether two schemas exclude each other: nothing that is written for one is valid for the other. True only where that
 * is certain.
 */
import { intersect, isEmpty } from './dfa.js';
import type { NumberBounds } from './json-number.js';
import { stringContent } from './json-string.js';
import type { Kind } from './schema-node.js';
import { isValid } from './schema-value.js';
import { type Shape, shapesOf, type Together } from './schema-shape.js';

const deepest = 6;

export function areDisjoint(one: Together, other: Together, depth = 0): boolean {
  if (depth > deepest) return false;
  const others = shapesOf(other, depth + 1);
  return shapesOf(one, depth + 1).every((a) => others.every((b) => exclude(a, b, depth)));
}

function exclude(a: Shape, b: Shape, depth: number): boolean {
  if (a.values) return a.values.every((value) => !b.nodes.every((node) => isValid(node, value)));
  if (b.values) return b.values.every((value) => !a.nodes.every((node) => isValid(node, value)));
  return [...a.kinds].every((kind) => !b.kinds.has(kind) || excludeKind(kind, a, b, depth));
}

function excludeKind(kind: Kind, a: Shape, b: Shape, depth: number): boolean {
  switch (kind) {
    case 'number':
      return above(a.number(), b.number()) || above(b.number(), a.number());
    case 'string':
      return isEmpty(intersect([stringContent(a.string()), stringContent(b.string())], 'strings of both alternatives'));
    case 'array':
      return arraysExclude(a, b, depth);
    case 'object':
      return objectsExclude(a, b, depth);
    default:
      return false;
  }
}

/** Whether all of `high` is above all of `low`. */
function above(high: NumberBounds, low: NumberBounds): boolean {
  return high.least.some((from) =>
    low.most.some((to) => from.value > to.value || (from.value === to.value && (from.exclusive || to.exclusive))),
  );
}

function arraysExclude(a: Shape, b: Shape, depth: number): boolean {
  const [leastA, mostA] = a.range('minItems', 'maxItems');
  const [leastB, mostB] = b.range('minItems', 'maxItems');
  if (leastA > mostB || leastB > mostA) return true;
  const both = Math.min(leastA, leastB, Math.max(a.prefixLength, b.prefixLength) + 1);
  return Array.from({ length: both }, (_, i) => i).some((i) => areDisjoint(a.item(i), b.item(i), depth + 1));
}

function objectsExclude(a: Shape, b: Shape, depth: number): boolean {
  // A property that both must have, of values that exclude each other.
  for (const name of a.required)
    if (b.required.has(name) && areDisjoint(a.property(name), b.property(name), depth + 1)) return true;
  return lacks(a, b) && lacks(b, a);
}

/** Whether what is written for `a` never has some property that `b` requires. */
function lacks(a: Shape, b: Shape): boolean {
  return [...b.required].some((name) => {
    if (a.names.includes(name)) return a.property(name).some((node) => node.never);
    const extra = a.extra(a.patterns.filter((pattern) => new RegExp(pattern, 'u').test(name)));
    return extra === null || extra.some((node) => node.never);
  });
}
