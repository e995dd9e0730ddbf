import { fold, type Instant } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import type { SecretHash, SessionEvent, UserId } from './events.ts';
import { sessionDecider, type SessionCommand } from './session.ts';

const day = 86_400;
const at = (seconds: number) => (BigInt(seconds) * 1_000_000_000n) as Instant;
const token = (name: string) => name as SecretHash;

const begin: SessionCommand = {
  type: 'StartSession',
  userId: 'USR-1' as UserId,
  how: 'PASSWORD',
  loginPosition: 1,
  tokenHash: token('first'),
  at: at(0),
  expiresAt: at(30 * day),
};
const refresh = (presented: string, next: string, seconds = 1): SessionCommand => ({
  type: 'RefreshSession',
  presented: token(presented),
  next: token(next),
  at: at(seconds),
});
const end: SessionCommand = { type: 'EndSession', at: at(1) };

function outcomes(commands: readonly SessionCommand[]): readonly string[] {
  const events: SessionEvent[] = [];
  return commands.map((command) => {
    const decided = sessionDecider.decide(command, fold(sessionDecider, events));
    events.push(...decided.events);
    const happened = decided.events.map(({ type }) => type);
    return [...happened, ...(decided.rejection ? [decided.rejection.code] : [])].join(' ');
  });
}

describe('RC-06 a session', () => {
  test.each<[string, readonly SessionCommand[], string]>([
    ['is unknown before a login', [refresh('first', 'second')], 'SESSION_UNKNOWN'],
    ['begins with one', [begin], 'SessionStarted'],
    ['is refreshed with its token', [begin, refresh('first', 'second')], 'SessionRefreshed'],
    [
      'and then with the next',
      [begin, refresh('first', 'second'), refresh('second', 'third')],
      'SessionRefreshed',
    ],
    [
      'is over when a token comes twice',
      [begin, refresh('first', 'second'), refresh('first', 'third')],
      'RefreshTokenReused REFRESH_TOKEN_REUSED',
    ],
    [
      'is over for whoever has the newest token then',
      [begin, refresh('first', 'second'), refresh('first', 'third'), refresh('second', 'fourth')],
      'SESSION_OVER',
    ],
    [
      'is over when one comes again long after',
      [
        begin,
        refresh('first', 'second'),
        refresh('second', 'third'),
        refresh('third', 'fourth'),
        refresh('first', 'fifth'),
      ],
      'RefreshTokenReused REFRESH_TOKEN_REUSED',
    ],
    ['is not refreshed by a guess', [begin, refresh('guess', 'second')], 'SESSION_UNKNOWN'],
    [
      'nor ended by one',
      [begin, refresh('guess', 'second'), refresh('first', 'second')],
      'SessionRefreshed',
    ],
    [
      'is over after seven days of silence',
      [begin, refresh('first', 'second', 7 * day)],
      'SESSION_OVER',
    ],
    ['and not before', [begin, refresh('first', 'second', 7 * day - 1)], 'SessionRefreshed'],
    [
      'is over after thirty days, however often it was refreshed',
      [
        begin,
        ...[6, 12, 18, 24].map((days, index) =>
          refresh(names(index), names(index + 1), days * day),
        ),
        refresh('t4', 't5', 30 * day),
      ],
      'SESSION_OVER',
    ],
    ['ends at a logout', [begin, end], 'SessionEnded'],
    ['ends once', [begin, end, end], ''],
    ['is not refreshed after it', [begin, end, refresh('first', 'second')], 'SESSION_OVER'],
  ])('%s', (_, commands, outcome) => {
    expect(outcomes(commands).at(-1)).toBe(outcome);
  });
});

function names(index: number): string {
  return index === 0 ? 'first' : `t${index}`;
}
