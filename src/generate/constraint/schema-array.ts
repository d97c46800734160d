/** Arrays of a schema as a grammar. */
import { InputError } from '../../io/errors.js';
import { canonicalText } from './schema-node.js';
import { type Compiler, mostCounted } from './schema-compile.js';
import { type Shape, shapesOf, type Together } from './schema-shape.js';

/** More different items than this make too many sets of them. */
const mostUnique = 10;

/** Adds, from `start` to `end`, the arrays of a shape. `free`: levels of nesting left for items that are free. */
export function compileArray(compiler: Compiler, shape: Shape, start: number, end: number, free: number): void {
  const { grammar } = compiler;
  const [least, most] = shape.range('minItems', 'maxItems');
  if (least > most) return;
  const where = shape.nodes[0]?.path ?? '#';
  const open = grammar.node();
  grammar.text(start, '[', open);
  if (shape.nodes.some((node) => node.uniqueItems) && most > 1) {
    compileUnique(compiler, shape, open, end);
    return;
  }
  const prefix = shape.prefixLength;
  // From here on all items are alike, and need not be counted where their number has no bound.
  const counted = most === Infinity ? Math.max(least, prefix, 1) : most;
  if (counted > mostCounted) throw new InputError(`${where}: counts of items are supported up to ${mostCounted}`);
  let at = open;
  for (let i = 0; i <= counted; i++) {
    if (i >= least) grammar.text(at, ']', end);
    const item = shape.item(i);
    if (i === most || item.some((node) => node.never)) return;
    const before = i === 0 ? at : grammar.node();
    if (i > 0) grammar.text(at, ',', before);
    const after = i === counted ? at : grammar.node();
    grammar.call(before, compiler.value(item, free), after);
    at = after;
  }
}

/** Arrays whose items differ: the items must be a few known values; the grammar then knows which were there. */
function compileUnique({ grammar }: Compiler, shape: Shape, open: number, end: number): void {
  const where = shape.nodes.find((node) => node.uniqueItems)!.path;
  const values = shape.prefixLength > 0 ? null : listedValues(shape.item(0));
  if (!values || values.length > mostUnique)
    throw new InputError(
      `${where}: the keyword "uniqueItems" is supported where items are one enum of at most ${mostUnique} values, or there is at most one`,
    );
  const [least, most] = shape.range('minItems', 'maxItems');
  const texts = values.map((value) => JSON.stringify(value));
  const places = new Map<number, number>([[0, open]]);
  const queue = [0];
  for (let seen = queue.pop(); seen !== undefined; seen = queue.pop()) {
    const at = places.get(seen)!;
    const count = seen.toString(2).replaceAll('0', '').length;
    if (count >= least) grammar.text(at, ']', end);
    if (count >= most) continue;
    texts.forEach((text, i) => {
      if (seen & (1 << i)) return;
      const next = seen | (1 << i);
      if (!places.has(next)) {
        places.set(next, grammar.node());
        queue.push(next);
      }
      grammar.text(at, (count > 0 ? ',' : '') + text, places.get(next)!);
    });
  }
}

/** All values that items may have, or null where they cannot be listed. */
function listedValues(item: Together): unknown[] | null {
  const values = new Map<string, unknown>();
  for (const { values: listed, kinds } of shapesOf(item)) {
    if (!listed && [...kinds].some((kind) => kind !== 'null' && kind !== 'boolean')) return null;
    const all = listed ?? [...(kinds.has('null') ? [null] : []), ...(kinds.has('boolean') ? [true, false] : [])];
    for (const value of all) values.set(canonicalText(value), value);
  }
  return [...values.values()];
}
