import { fold, type Instant } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import type { TokenKeyEvent } from './events.ts';
import { tokenKeysDecider } from './token-keys.ts';

const day = (days: number) => (BigInt(days) * 86_400_000_000_000n) as Instant;

const published = (keyId: string, signsUntil: number): TokenKeyEvent => ({
  type: 'TokenKeyPublished',
  data: { keyId, publicKey: 'x', signsFrom: day(0), signsUntil: day(signsUntil) },
});
const withdrawn = (keyId: string): TokenKeyEvent => ({
  type: 'TokenKeyWithdrawn',
  data: { keyId, reason: 'stolen' },
});

describe('RC-06 withdrawing the keys of access tokens', () => {
  test.each<[string, readonly TokenKeyEvent[], readonly string[]]>([
    ['takes those of every process', [published('a', 30), published('b', 40)], ['a', 'b']],
    ['takes one that is to sign later', [published('a', 11), published('next', 41)], ['a', 'next']],
    ['leaves those whose tokens have expired', [published('old', 10), published('a', 30)], ['a']],
    ['takes each once', [published('a', 30), withdrawn('a'), published('b', 30)], ['b']],
    ['does nothing where there is none', [], []],
  ])('%s', (_, given, keys) => {
    const command = {
      type: 'WithdrawTokenKeys',
      trustedFrom: day(10),
      reason: 'stolen',
    } as const;
    const { events, rejection } = tokenKeysDecider.decide(command, fold(tokenKeysDecider, given));
    expect(rejection).toBeUndefined();
    expect(events).toEqual(keys.map(withdrawn));
  });
});
