import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  instantFromMilliseconds,
  openEventStore,
  StorageFailure,
  type EventStore,
} from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { accessEventTypes, accessStream } from '../domain/access/events.ts';
import { recordDecisions, type AccessDecision, type DecisionParts } from './decisions.ts';

const clock = () => instantFromMilliseconds(Date.parse('2026-11-20T23:59:00Z'));
const today = accessStream('2026-11-20');

function decision(operation: string): AccessDecision {
  return {
    principal: 'USR-1',
    authentication: 'PASSWORD',
    operation,
    permission: 'READ',
    resource: 'accounts/ACC-1',
    allowed: true,
    rule: 'ANALYST: READ of accounts',
    correlationId: `correlation-${operation}`,
  };
}

async function opened({ breaks = () => false, ...options }: Options = {}) {
  const memory = openMemoryStorage();
  const storage = {
    ...memory,
    append: (...commits: Parameters<typeof memory.append>) =>
      breaks()
        ? Promise.reject(new StorageFailure('away', { final: false }))
        : memory.append(...commits),
  };
  const store = await openEventStore({ storage, eventTypes: accessEventTypes, clock, randomBytes });
  const failures: unknown[] = [];
  const onFailure = (failure: unknown): void => void failures.push(failure);
  const decisions = recordDecisions({ store, clock, onFailure, ...options });
  onTestFinished(store.close);
  return { store, decisions, failures };
}

type Options = Partial<Pick<DecisionParts, 'gatherMs' | 'waitingMax'>> & {
  /** Whether the storage takes nothing. */
  readonly breaks?: () => boolean;
};

async function recorded(store: EventStore) {
  const events = await store.readStream(today, { limit: 10_000 });
  return events.map(({ data }) => (data as AccessDecision).operation);
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await sleep(5);
}

describe('RC-05 every decision is recorded', () => {
  test('with whose it was, on the stream of its day, without anybody waiting for it', async () => {
    const { store, decisions } = await opened();
    expect(decisions.note(decision('getAccount'))).toBe(true);
    await eventually(async () => (await recorded(store)).length === 1);

    const [event] = await store.readStream(today);
    expect(event).toMatchObject({
      type: 'AccessDecided',
      data: decision('getAccount'),
      metadata: { userId: 'USR-1', correlationId: 'correlation-getAccount' },
    });
    await decisions.close();
  });

  test('thousands at once, each once and in order', async () => {
    const { store, decisions } = await opened();
    const operations = Array.from({ length: 3_100 }, (_, place) => `operation-${place}`);
    for (const operation of operations) decisions.note(decision(operation));
    await decisions.close();
    expect(await recorded(store)).toEqual(operations);
  });

  test('also those that came just before the stop', async () => {
    const { store, decisions } = await opened({ gatherMs: 60_000 });
    decisions.note(decision('last'));
    await decisions.close();
    expect(await recorded(store)).toEqual(['last']);
    expect(decisions.note(decision('too late'))).toBe(false);
  });
});

describe('RC-05 while the log takes none', () => {
  test('there is room for a while and then none, and what was taken is written later', async () => {
    let away = true;
    const { store, decisions, failures } = await opened({
      breaks: () => away,
      gatherMs: 1,
      waitingMax: 3,
    });
    const answers = ['a', 'b', 'c', 'd'].map((operation) => decisions.note(decision(operation)));
    expect(answers).toEqual([true, true, true, false]);
    await eventually(async () => failures.length > 0);
    expect(decisions.note(decision('e'))).toBe(false);

    away = false;
    await eventually(async () => (await recorded(store)).length === 3);
    expect(decisions.note(decision('f'))).toBe(true);
    await decisions.close();
    expect(await recorded(store)).toEqual(['a', 'b', 'c', 'f']);
  });

  test('a stop writes all of it, if the log is there again by then', async () => {
    let away = true;
    const { store, decisions, failures } = await opened({ breaks: () => away });
    const operations = Array.from({ length: 1_200 }, (_, place) => `operation-${place}`);
    for (const operation of operations) decisions.note(decision(operation));
    await eventually(async () => failures.length > 0);
    away = false;
    await decisions.close();
    expect(await recorded(store)).toEqual(operations);
  });
});
