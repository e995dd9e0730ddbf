import { defineConfig } from 'vitest/config';

// V8 keeps a register of the pages of compiled code that it protects by keys of the processor, and aborts now and
// then where threads come and go by the hundred (nodejs/node#64500): no program does so, but a file of tests.
const isProtected = process.platform === 'linux' && process.arch === 'x64';

export default defineConfig({
  test: {
    execArgv: isProtected ? ['--no-memory-protection-keys'] : [],
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
