import { randomBytes } from 'node:crypto';
import { openEventStore, streamId, type EventStorage } from '@counterfoil/event-store';
import { eventTypes } from '@counterfoil/platform/src/ledger/event-types.ts';
import { systemClock } from '@counterfoil/platform/src/stores.ts';
import { bookedTrade, causeOfTrade } from '../load/trades.ts';
import type { Appender } from './appender.ts';

/** The library, on any of its storages. */
export async function counterfoilAppender(storage: EventStorage): Promise<Appender> {
  const store = await openEventStore({ storage, eventTypes, clock: systemClock, randomBytes });
  const event = bookedTrade();
  const cause = causeOfTrade();
  return {
    append: async (stream, version, count) => {
      const append = {
        stream: streamId(`account-${stream}`),
        expected: version,
        events: Array.from({ length: count }, () => event),
      };
      const { kind } = await store.append({ appends: [append], cause });
      if (kind !== 'appended') throw new Error(`the append was answered with ${kind}`);
    },
    close: store.close,
  };
}
