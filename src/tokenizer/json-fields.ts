/** Reading the fields of untrusted JSON, with errors that name the place. */
import { InputError } from '../io/errors.js';

/** A JSON object of unknown content. */
export type JsonObject = Record<string, unknown>;

/** Whether a parsed JSON value is an object (not null, not a list). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One JSON object and where it stands, for errors such as `tokenizer.json: model.vocab: expected an object`. */
export class Fields {
  readonly value: JsonObject;
  readonly where: string;

  /** @throws InputError unless `value` is an object. */
  constructor(value: unknown, where: string) {
    if (!isObject(value)) throw new InputError(`${where}: expected an object`);
    this.value = value;
    this.where = where;
  }

  /** The text of the field "type". */
  get type(): string {
    return this.string('type');
  }

  /** Whether the field is there and not null. */
  has(key: string): boolean {
    return this.value[key] !== undefined && this.value[key] !== null;
  }

  /** @throws InputError naming this place. */
  refuse(what: string): never {
    throw new InputError(`${this.where}: ${what}`);
  }

  /** @throws InputError that a feature is not supported. */
  unsupported(feature: string): never {
    throw new InputError(`${this.where}: ${feature} is not supported`);
  }

  object(key: string): Fields {
    return new Fields(this.value[key], `${this.where}.${key}`);
  }

  list(key: string): readonly unknown[] {
    const value = this.value[key];
    if (!Array.isArray(value)) throw new InputError(`${this.where}.${key}: expected a list`);
    return value;
  }

  /** The objects of a list. */
  objects(key: string): Fields[] {
    return this.list(key).map((value, i) => new Fields(value, `${this.where}.${key}[${i}]`));
  }

  string(key: string): string {
    const value = this.value[key];
    if (typeof value !== 'string') throw new InputError(`${this.where}.${key}: expected text`);
    return value;
  }

  boolean(key: string, absent: boolean): boolean {
    const value = this.value[key] ?? absent;
    if (typeof value !== 'boolean') throw new InputError(`${this.where}.${key}: expected true or false`);
    return value;
  }

  /** A whole number from 0 to `most`. */
  index(key: string, most: number): number {
    const value = this.value[key];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most)
      throw new InputError(`${this.where}.${key}: expected a whole number from 0 to ${most}`);
    return value;
  }
}
