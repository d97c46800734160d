/** The native addon, loaded once. Each room that calls it says which of its functions it knows, with their types. */
import { createRequire } from 'node:module';

export const addon: unknown = createRequire(import.meta.url)('../../build/Release/telar.node');
