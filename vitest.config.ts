import { defineConfig } from 'vitest/config';

// V8 keeps a register of the pages of compiled code, and aborts now and then ("jit_page.has_value()") where threads
// come and go by the hundred: no program does so, but a file of tests (nodejs/node#64500). It happens where the code
// of a WebAssembly wrapper is freed, Node's own parser of CommonJS among them; so none is freed, or replaced.
const v8Flags = [
  '--no-memory-protection-keys',
  '--no-wasm-code-gc',
  '--wasm-wrapper-tiering-budget=1000000000',
];
const isProtected = process.platform === 'linux' && process.arch === 'x64';

export default defineConfig({
  test: {
    execArgv: isProtected ? v8Flags : [],
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
