/** How the cure learns. */
export const SETTINGS = {
  method: 'simpo',
  settings: { beta: 10, gamma: 0 },
  batchSize: 32,
  learningRate: 7e-4,
  patience: 0,
};

/** Of so many pairs there is twice the order against the stereotype; chosen by choose-lean.mjs. */
export const LEAN = { pronouns: 0.17, traits: 0.25 };
