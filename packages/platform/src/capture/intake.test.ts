import { calendarDate, type Instant } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import type { NewRequest } from '../requests/request-store.ts';
import { createIntake, IntakeOverloaded } from './intake.ts';

const trade = {
  trade_id: 'T1',
  version: 1,
  counterparty_id: 'CP-1',
  book_id: 'B1',
  maturity_date: '2027-05-20',
} as never;

/** An intake into a store that answers when the test says so. */
function intakeOf(underWayMax: number) {
  const held: { readonly requests: readonly NewRequest[]; answer(): void }[] = [];
  const intake = createIntake({
    requests: {
      accept: (requests) =>
        new Promise((resolve) => {
          held.push({
            requests,
            answer: () => resolve(requests.map(() => ({ kind: 'accepted' }))),
          });
        }),
    },
    capture: { foresee: () => undefined },
    today: () => calendarDate('2026-11-20'),
    clock: () => 1_780_000_000_123_456_789n as Instant,
    requestLifetimeMs: 1_000,
    underWayMax,
  });
  return {
    intake,
    held,
    accept: (count: number) =>
      intake.accept(
        Array.from({ length: count }, () => ({ trade })),
        { userId: 'u' },
      ),
  };
}

describe('TC-06 more requests than the queue takes at once', () => {
  test('are refused before they take memory, and taken again when there is room', async () => {
    const { held, accept } = intakeOf(3);
    const first = accept(2);

    await expect(accept(2)).rejects.toThrow(IntakeOverloaded);
    expect(held).toHaveLength(1);
    const fits = accept(1);
    held[0]?.answer();
    expect(await first).toHaveLength(2);

    const again = accept(2);
    held[1]?.answer();
    held[2]?.answer();
    expect((await Promise.all([fits, again])).flat()).toHaveLength(3);
  });
});

describe('TC-03 a request', () => {
  test('has an id that says when it was accepted, and a message that leaves nothing out', async () => {
    const { held, accept } = intakeOf(3);
    const accepted = accept(1);
    held[0]?.answer();

    const [{ id } = { id: '' }] = (await accepted) as readonly { readonly id: string }[];
    const [request] = held[0]?.requests ?? [];
    expect(request).toMatchObject({
      id,
      acceptedAtMs: 1_780_000_000_123,
      expiresAtMs: 1_780_000_001_123,
      topic: 'trades',
      message: { key: 'T1' },
    });
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(1_780_000_000_123);
    expect(JSON.parse(Buffer.from(request?.message.value ?? []).toString())).toMatchObject({
      request_id: id,
      user_id: 'u',
      trade: { trade_id: 'T1', created_date: '2026-11-20' },
    });
  });
});
