import { fold, type Instant } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import type { BlindIndex, SecretHash } from '../users/events.ts';
import { apiKeyDecider, isLive, type ApiKeyCommand, type ApiKeyState } from './api-key.ts';
import type { ApiKeyEvent, SecretId } from './events.ts';

const at = (hours: number) => (BigInt(hours) * 3_600_000_000_000n) as Instant;
const secret = (name: string, expiresAt: Instant | null = null) => ({
  secretId: name as SecretId,
  secretHash: `hash of ${name}` as SecretHash,
  expiresAt,
});

const create = (expiresAt: Instant | null = null): ApiKeyCommand => ({
  type: 'CreateApiKey',
  name: 'settlement',
  permissions: ['READ'],
  accounts: [],
  ...secret('one', expiresAt),
});
const rotate = (to: string, previousUntil: number): ApiKeyCommand => ({
  type: 'RotateApiKey',
  previousUntil: at(previousUntil),
  ...secret(to),
});
const revoke: ApiKeyCommand = { type: 'RevokeApiKey', reason: 'leaked' };
const use = (hours: number): ApiKeyCommand => ({
  type: 'NoteUse',
  secretId: 'one' as SecretId,
  at: at(hours),
});

const tryToken = (secretName: string | undefined, hours = 0): ApiKeyCommand => ({
  type: 'TryToken',
  secretId: secretName as SecretId | undefined,
  addressIndex: 'home' as BlindIndex,
  at: at(hours),
});

function decided(commands: readonly ApiKeyCommand[]) {
  const events: ApiKeyEvent[] = [];
  const outcomes = commands.map((command) => {
    const { events: made, rejection } = apiKeyDecider.decide(command, fold(apiKeyDecider, events));
    events.push(...made);
    const happened = made.map(({ type }) => type);
    return [...happened, ...(rejection === undefined ? [] : [rejection.code])].join(' ');
  });
  return { outcome: outcomes.at(-1), key: fold(apiKeyDecider, events) };
}

const liveAt = (key: ApiKeyState, hours: number) =>
  key?.secrets.filter((one) => isLive(one, at(hours))).map(({ id }) => id);

describe("RC-06 a service's key", () => {
  test.each<[string, readonly ApiKeyCommand[], string]>([
    ['is unknown before it is made', [rotate('two', 1)], 'API_KEY_UNKNOWN'],
    ['is made', [create()], 'ApiKeyCreated'],
    ['is rotated', [create(), rotate('two', 1)], 'ApiKeyRotated'],
    ['is revoked', [create(), revoke], 'ApiKeyRevoked'],
    ['is revoked once', [create(), revoke, revoke], ''],
    ['is not rotated after that', [create(), revoke, rotate('two', 1)], 'API_KEY_REVOKED'],
    ['has its first use noted', [create(), use(0)], 'ApiKeyUsed'],
    ['and not again within the hour', [create(), use(0), use(0)], ''],
    ['but after it', [create(), use(0), use(1)], 'ApiKeyUsed'],
    ['gives a token for its secret', [create(), tryToken('one')], 'ClientTokenIssued'],
    [
      'gives none for another, which is recorded',
      [create(), tryToken(undefined)],
      'ClientTokenRefused CLIENT_INVALID',
    ],
    [
      'gives none once the secret has expired',
      [create(at(5)), tryToken('one', 5)],
      'ClientTokenRefused CLIENT_INVALID',
    ],
    [
      'gives none once it is revoked',
      [create(), revoke, tryToken('one')],
      'ClientTokenRefused CLIENT_INVALID',
    ],
    ['has no record of tries before it is made', [tryToken('one')], 'API_KEY_UNKNOWN'],
  ])('%s', (_, commands, outcome) => {
    expect(decided(commands).outcome).toBe(outcome);
  });

  test.each<[string, readonly ApiKeyCommand[], number, readonly string[]]>([
    ['never expires unless told to', [create()], 1_000_000, ['one']],
    ['is good until it expires', [create(at(5))], 4, ['one']],
    ['and not from then on', [create(at(5))], 5, []],
    ['has two secrets while they overlap', [create(), rotate('two', 24)], 23, ['one', 'two']],
    ['and one after that', [create(), rotate('two', 24)], 24, ['two']],
    ['never has three', [create(), rotate('two', 24), rotate('three', 24)], 1, ['two', 'three']],
    ['lets no secret live longer by rotating', [create(at(5)), rotate('two', 24)], 5, ['two']],
  ])('%s', (_, commands, hours, live) => {
    expect(liveAt(decided(commands).key, hours)).toEqual(live);
  });
});
