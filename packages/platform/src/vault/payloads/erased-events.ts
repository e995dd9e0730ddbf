import type { EventLog, RecordedEvent } from '@counterfoil/event-store';
import { payloadSealed } from '@counterfoil/event-store/envelope';
import type { SealedLog } from '@counterfoil/event-store/log';
import { Refusal } from '../../api/problem.ts';
import type { PayloadOpener } from './payload-opener.ts';

/**
 * A log for those who fold events: who asks for types does not get the events of them that are erased. Who
 * asks for all gets them as `PayloadSealed`, so that positions stay what they are.
 */
export function foldable<Log extends EventLog>(log: Log): Log {
  return {
    ...log,
    readAll: async (query) => {
      const page = await log.readAll(query);
      const { types } = query;
      if (types === undefined || !page.events.some(isErased)) return page;
      return { ...page, events: page.events.filter((event) => !isErased(event)) };
    },
  };
}

function isErased({ type }: RecordedEvent): boolean {
  return type === payloadSealed;
}

/** A log in which an erased stream is one without events: for what counts over all of them. */
export function withoutErased<Log extends EventLog>(log: Log): Log {
  return {
    ...log,
    readStream: async (stream, options) => {
      try {
        return await log.readStream(stream, options);
      } catch (failure) {
        if (failure instanceof Refusal && failure.code === 'SUBJECT_ERASED') return [];
        throw failure;
      }
    },
  };
}

/** The sealed log with payloads that can be read; leaves and proofs stay those of what is stored. */
export function openedEntries<Log extends SealedLog>(log: Log, opener: PayloadOpener): Log {
  return {
    ...log,
    entries: async (after, limit) => {
      const entries = await log.entries(after, limit);
      const records = await opener.open(entries.map(({ record }) => record));
      return entries.map((entry, place) => ({ ...entry, record: records[place] ?? entry.record }));
    },
  };
}
