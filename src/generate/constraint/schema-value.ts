/** Whether a value is valid: for the few values that a schema itself names, in `enum` and `const`. */
import { accepts } from './dfa.js';
import { formats } from './formats.js';
import { asFraction } from './json-number.js';
import { parsePattern } from './pattern.js';
import { patternAutomaton } from './pattern-automaton.js';
import { includesValue, isObject, type Kind, type SchemaNode } from './schema-node.js';

export function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as Kind;
}

export function isValid(node: SchemaNode, value: unknown): boolean {
  const { values, anyOf, oneOf } = node;
  return (
    !node.never &&
    node.kinds.has(kindOf(value)) &&
    (values === null || includesValue(values, value)) &&
    node.also.every((other) => isValid(other, value)) &&
    (anyOf === null || anyOf.some((other) => isValid(other, value))) &&
    (oneOf === null || oneOf.filter((other) => isValid(other, value)).length === 1) &&
    (typeof value !== 'number' || isValidNumber(node, value)) &&
    (typeof value !== 'string' || isValidString(node, value)) &&
    (!Array.isArray(value) || isValidArray(node, value)) &&
    (!isObject(value) || isValidObject(node, value))
  );
}

function isValidNumber(node: SchemaNode, value: number): boolean {
  return (
    (!node.integer || Number.isInteger(value)) &&
    value >= node.minimum &&
    value <= node.maximum &&
    value > node.exclusiveMinimum &&
    value < node.exclusiveMaximum &&
    (node.multipleOf === null || isMultiple(value, node.multipleOf))
  );
}

/** Exact for the decimal texts of both. */
function isMultiple(value: number, of: number): boolean {
  const { numerator, places } = asFraction(of)!;
  const [mantissa, exponent] = Math.abs(value).toExponential().split('e');
  const [whole, fraction = ''] = mantissa!.split('.');
  const shift = Number(exponent) - fraction.length + places;
  const digits = BigInt(whole! + fraction);
  return value === 0 || (shift >= 0 && (digits * 10n ** BigInt(shift)) % BigInt(numerator) === 0n);
}

function isValidString(node: SchemaNode, value: string): boolean {
  const { length } = [...value];
  const inFormat = (format: string): boolean =>
    accepts(patternAutomaton(parsePattern(formats[format]!), 'text', format), Buffer.from(value));
  return (
    length >= node.minLength &&
    length <= node.maxLength &&
    (node.pattern === null || new RegExp(node.pattern, 'u').test(value)) &&
    (node.format === null || inFormat(node.format))
  );
}

function isValidArray(node: SchemaNode, value: readonly unknown[]): boolean {
  return (
    value.length >= node.minItems &&
    value.length <= node.maxItems &&
    (!node.uniqueItems || value.every((item, i) => !includesValue(value.slice(0, i), item))) &&
    value.every((item, i) => {
      const schema = node.prefixItems[i] ?? node.items;
      return schema === null || isValid(schema, item);
    })
  );
}

function isValidObject(node: SchemaNode, value: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(value);
  return (
    names.length >= node.minProperties &&
    names.length <= node.maxProperties &&
    node.required.every((name) => Object.hasOwn(value, name)) &&
    names.every((name) => schemasOfProperty(node, name).every((schema) => isValid(schema, value[name])))
  );
}

/** The schemas that one node has for a property. */
export function schemasOfProperty(node: SchemaNode, name: string): SchemaNode[] {
  const own = node.properties.get(name);
  const found = own ? [own] : [];
  for (const [pattern, schema] of node.patternProperties)
    if (new RegExp(pattern, 'u').test(name)) found.push(schema);
  if (found.length === 0 && node.additionalProperties) found.push(node.additionalProperties);
  return found;
}
