import { StorageFailure } from '@counterfoil/event-store';
import { describe, expect, test, vi } from 'vitest';
import { ConfigError } from '../config-error.ts';
import { CommandFailure, describeFailure } from './failure.ts';

/** As node:sqlite throws it. */
function sqliteError(message: string, errcode: number): Error {
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode });
}

describe('OP-11 a failure is told in a sentence with what to do', () => {
  test.each([
    [new CommandFailure('Stop the server first'), 'Stop the server first'],
    [new ConfigError('set another port'), 'Set another port'],
    [
      new StorageFailure('the disk is full: make room', { final: false }),
      'The disk is full: make room',
    ],
    [
      sqliteError('database or disk is full', 13),
      'The disk is full: make room, then start the same command again',
    ],
    [
      new Error('not brought up to date', { cause: sqliteError('malformed', 11 + 256) }),
      'A file of the embedded store is damaged: "counterfoil verify" says which, and what to do',
    ],
    [
      sqliteError('file is not a database', 26),
      'A file of the embedded store is damaged: "counterfoil verify" says which, and what to do',
    ],
    [
      sqliteError('no such table: positions', 1),
      'Failed unexpectedly: no such table: positions (COUNTERFOIL_LOG_LEVEL=debug shows where)',
    ],
    ['a text', 'Failed: a text'],
  ])('%s', (failure, sentence) => {
    expect(describeFailure(failure)).toBe(sentence);
  });

  test('and at log level debug with where it came from', () => {
    vi.stubEnv('COUNTERFOIL_LOG_LEVEL', 'debug');

    const told = describeFailure(new CommandFailure('no', { cause: new RangeError('too far') }));

    vi.unstubAllEnvs();
    expect(told).toMatch(
      /^no\nCommandFailure: no\n {4}at .*[^]*\nCaused by: RangeError: too far\n {4}at /,
    );
  });
});
