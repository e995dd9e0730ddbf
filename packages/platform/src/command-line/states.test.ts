import { instantFromMilliseconds, type RecordedEvent } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import { nextId, split } from '../domain/corporate-actions/actions-in-force.fixture.ts';
import { corporateActionStream, holdingsReviewStream } from '../domain/corporate-actions/events.ts';
import { lifeOf } from '../ledger/posted-actions.fixture.ts';
import { createStates } from './states.ts';

type Fact = Pick<RecordedEvent, 'type' | 'data' | 'stream'>;

function taken(...facts: readonly Fact[]): string {
  const states = createStates();
  for (const [place, fact] of facts.entries()) {
    states.take({
      ...fact,
      eventId: '00000000-0000-7000-8000-000000000001' as RecordedEvent['eventId'],
      version: place + 1,
      position: place + 1,
      recordedAt: instantFromMilliseconds(0),
      schemaVersion: 1,
      metadata: { userId: 'u', correlationId: 'c', causationId: null },
    });
  }
  return states.describe();
}

describe('LG-13 what a log is folded into', () => {
  test('counts corporate actions beside accounts, and bookmarks as nothing', () => {
    const stream = corporateActionStream(nextId());
    const life = lifeOf(split('2014-06-09', '7:1').announcement);
    const bookmark = {
      stream: holdingsReviewStream,
      type: 'HoldingsReviewed',
      data: { throughPosition: 3 },
    };
    expect(taken(...life.map((event) => ({ ...event, stream })), bookmark)).toBe(
      '0 accounts, 0 instruments, 1 corporate action and the prices of 0 symbols',
    );
  });

  test('refuses what no version of the program has written', () => {
    const unknown = { stream: holdingsReviewStream, type: 'SomethingElse', data: {} };
    expect(() => taken(unknown)).toThrow('nothing folds events of type SomethingElse');
  });
});
