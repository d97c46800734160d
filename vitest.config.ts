import { defineConfig } from 'vitest/config';

// Kernels run on a thread pool of their own: two test files at a time leave it no idle cores to wait on.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.mjs'],
    globalSetup: 'test/build.ts',
    setupFiles: 'test/seed.ts',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
