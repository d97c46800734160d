/**
 * Running a chat template, which comes with a model and so from strangers: Jinja with a bound on the work it may do and on
 * the text it may make. The bound counts steps, not seconds, so that a template works everywhere or nowhere.
 */
import * as jinja from '@huggingface/jinja';
import { InputError } from '../io/errors.js';

/** Longest template, in characters. Those of models have less than 20,000. */
const MAX_SOURCE = 1 << 18;
/** Longest text, list or table that a template may make, in characters or entries. */
const MAX_SIZE = 1 << 24;
/** Steps of any template, and more for each character of its input. */
const STEPS = 5e5;
const STEPS_PER_CHARACTER = 64;
const MAX_RANGE = 1e5;

/** Templates that write the date would make other tokens every day; they get this one, which Llama 3.2 falls back to. */
const DATE: Readonly<Record<string, string>> = {
  '%Y': '2024',
  '%m': '07',
  '%d': '26',
  '%b': 'Jul',
  '%B': 'July',
  '%H': '12',
  '%M': '00',
  '%%': '%',
};

/** What is used of the library, whose own types need another module resolution than ours. */
interface Environment {
  set(name: string, value: unknown): unknown;
}
interface Interpreter {
  run(program: unknown): { value: unknown };
  evaluate(statement: unknown, environment: Environment): { value: unknown };
}
const { Environment, Interpreter, parse, tokenize } = jinja as unknown as {
  Environment: new () => Environment;
  Interpreter: new (environment: Environment) => Interpreter;
  parse(tokens: unknown): Program;
  tokenize(source: string, options: { lstrip_blocks: boolean; trim_blocks: boolean }): unknown;
};

/** A template that was read. */
export type Program = object;

/** What a template says about its input by `raise_exception`. */
class TemplateRefusal extends Error {}

/** What was used up. */
class TemplateLimit extends Error {}

class BoundedInterpreter extends Interpreter {
  private left: number;

  constructor(environment: Environment, steps: number) {
    super(environment);
    this.left = steps;
  }

  override evaluate(statement: unknown, environment: Environment): { value: unknown } {
    if (this.left < 0) throw new TemplateLimit('it takes too many steps');
    const result = super.evaluate(statement, environment);
    const size = sizeOf(result.value);
    if (size > MAX_SIZE) throw new TemplateLimit('its output is too long');
    this.left -= 1 + size / 8;
    return result;
  }
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : 0;
}

/** @throws InputError for a template that is too long or not Jinja */
export function parseTemplate(source: string, where: string): Program {
  if (source.length > MAX_SOURCE) throw new InputError(`${where}: ${source.length} characters are too many`);
  try {
    return parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (error) {
    throw new InputError(`${where}: not a Jinja template (${messageOf(error)})`, { cause: error });
  }
}

/**
 * The text that a template makes of `values`.
 * @throws InputError in the template's words where it refuses its input; for one that fails, or works or writes too much
 */
export function runTemplate(program: Program, values: Readonly<Record<string, unknown>>, where: string): string {
  const environment = new Environment();
  const globals: Record<string, unknown> = {
    true: true,
    false: false,
    none: null,
    True: true,
    False: false,
    None: null,
    range: boundedRange,
    strftime_now: (format: string) => String(format).replace(/%[YmdbBHM%]/g, (code) => DATE[code] ?? code),
    raise_exception: (message: unknown) => {
      throw new TemplateRefusal(String(message));
    },
  };
  for (const [name, value] of Object.entries({ ...globals, ...values })) environment.set(name, value);
  const steps = STEPS + STEPS_PER_CHARACTER * JSON.stringify(values).length;
  try {
    return String(new BoundedInterpreter(environment, steps).run(program).value);
  } catch (error) {
    const says = error instanceof TemplateRefusal ? 'the template refuses this' : 'the template failed';
    throw new InputError(`${where}: ${says}: ${messageOf(error)}`, { cause: error });
  }
}

function boundedRange(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= MAX_RANGE)) throw new TemplateLimit('its range is too long');
  return Array.from({ length: count }, (_, i) => from + i * step);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 300);
