// Constrained generation: whether all output is valid, and what it costs.
//
//   node bench/constraint.mjs [validity] [overhead] [--schemas 1000]
//
// validity: outputs for random schemas, from a tiny random model at temperature 2 and from uniformly random allowed
// tokens, checked with ajv. overhead: a decode step of `telar bench decode`'s model with and without a constraint, and
// the time of a mask for vocabularies of 4k, 32k, 100k and 200k tokens.
import { overheadBench } from './constraint-overhead.mjs';
import { validityBench } from './constraint-validity.mjs';

const args = process.argv.slice(2);
const at = args.indexOf('--schemas');
const schemas = at < 0 ? 1000 : Number(args.splice(at, 2)[1]);
const parts = args.length > 0 ? args : ['validity', 'overhead'];
if (parts.includes('validity')) await validityBench(schemas);
if (parts.includes('overhead')) await overheadBench();
