/** Property tests take the same cases in every run, so that a failure is the change's; TELAR_TEST_SEED tries others. */
import * as fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.TELAR_TEST_SEED ?? 20_251_125) });
