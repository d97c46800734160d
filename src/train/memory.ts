/** How much memory a run takes, so that one too large for the machine is refused before anything is allocated. */
import { totalmem } from 'node:os';
import { InputError } from '../io/errors.js';
import { parameterCount } from '../model/index.js';
import type { Plan } from './plan.js';

/** Node itself, its JIT and the shards that are mapped. */
const BASE = 150 * 2 ** 20;

/**
 * Bytes a run holds at its peak: weights, gradients and moments, and what forward keeps for backward of the rows that go
 * through the model at a time. A layer keeps some 10 vectors of the width and 3 of the MLP's for each token.
 */
export function trainingBytes({ model, optimizer, rowsPerBatch }: Plan): number {
  const copies = optimizer.kind === 'muon' ? 3 : 4;
  const tokens = rowsPerBatch * model.context;
  const kept = tokens * (model.layers * (10 * model.width + 3 * model.hidden) + 4 * model.width);
  return BASE + 4 * (copies * parameterCount(model) + kept);
}

/** @throws InputError for a plan that this machine has no memory for */
export function checkMemory(plan: Plan): void {
  const [wanted, has] = [trainingBytes(plan), Math.min(totalmem(), process.constrainedMemory() || Infinity)];
  if (wanted <= has) return;
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(bytes < 2 ** 34 ? 1 : 0)} GiB`;
  const millions = (parameterCount(plan.model) / 1e6).toFixed(0);
  throw new InputError(
    `a model of ${millions}M parameters takes ${gib(wanted)} of memory to train and this machine has ${gib(has)}: choose a smaller --depth, --width or --context`,
  );
}
