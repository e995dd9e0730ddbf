import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Storage tests hold real servers and worker threads: a process for each file keeps them apart.
    pool: 'forks',
    testTimeout: 120_000,
    // A database server takes its time to start when every core is busy with other tests.
    hookTimeout: 120_000,
    // A test that can pass on nothing is worse than none.
    expect: { requireAssertions: true },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: ['**/*.services.test.ts', '**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: ['**/*.services.test.ts', 'test/fixtures/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'services',
          include: ['**/*.services.test.ts'],
          exclude: ['**/node_modules/**'],
        },
      },
    ],
  },
});
