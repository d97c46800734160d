/** Constraints: generated text that always has the form asked for. How it works: docs/structured-output.md. */
export type { CompiledConstraint, Constraint, StartOptions } from './constraint.js';
export { type ConstraintRequest, requestedConstraint, requestedValue } from './request.js';
export { jsonSchemaConstraint, type SchemaOptions } from './schema.js';
export { choiceConstraint, regexConstraint } from './regular.js';
