import { randomBytes } from 'node:crypto';
import {
  instantFromMilliseconds,
  openEventStore,
  streamId,
  type StreamId,
} from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { describe, expect, test } from 'vitest';
import { retentionEventTypes } from '../domain/retention/events.ts';
import { retentionDefault } from '../domain/retention/policy.ts';
import { openMemoryKeys } from '../vault/memory/memory-keys.ts';
import { createRetention, newHoldId } from './retention.ts';

const user = streamId('user-USR-000000000000000001');
const cause = { userId: 'operator' };

const clock = () => instantFromMilliseconds(1_790_000_000_000);

async function opened() {
  const log = await openEventStore({
    storage: openMemoryStorage(),
    eventTypes: retentionEventTypes,
    clock,
    randomBytes,
  });
  const erased: StreamId[] = [];
  const vault = { erase: async (subject: StreamId) => void erased.push(subject) };
  const keys = openMemoryKeys();
  const retention = createRetention({ log, vault, keys, policy: retentionDefault, clock });
  return { retention, erased };
}

describe('RC-03 a user whose erasure is decided', () => {
  test('keeps his key when a legal hold came between, until it is released', async () => {
    const { retention, erased } = await opened();
    const holdId = newHoldId();
    await retention.placeHold({ holdId, subject: user, reason: 'case 7' }, { cause });

    await expect(retention.completeErasure(user, 'asked for', cause)).rejects.toMatchObject({
      name: 'Refusal',
      code: 'LEGAL_HOLD',
      message: expect.stringContaining('once more when the hold is released'),
    });
    expect(erased).toEqual([]);

    await retention.releaseHold(holdId, 'settled', { cause });
    await retention.completeErasure(user, 'asked for', cause);
    expect(erased).toEqual([user]);
  });

  test('is not erased as the owner of an account, whose sessions would go on', async () => {
    const { retention, erased } = await opened();

    await expect(retention.erase(user, 'asked for', { cause })).rejects.toThrow('is no account');
    expect(erased).toEqual([]);
  });
});
