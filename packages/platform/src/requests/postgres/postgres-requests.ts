import type { Bus } from '../../streams/bus.ts';
import { gather } from '../../streams/gathering.ts';
import { guarded, openedStore } from '../opened.ts';
import { startOutboxRelay } from '../outbox-relay.ts';
import { type Acceptance, type NewRequest, type RequestStore } from '../request-store.ts';
import { acceptAll } from './acceptance.ts';
import { openPool } from './connections.ts';
import { removeExpired } from './expiry.ts';
import { createOutbox } from './outbox.ts';
import { findAll, holdAll, settleAll } from './outcomes.ts';
import { makeTables, schema } from './tables.ts';

export interface PostgresRequestsOptions {
  readonly connectionString: string;
  /** Where the messages go; it stays open when the store is closed. */
  readonly bus: Bus;
  /** Called when messages can't be brought to the bus for now: that is tried again. */
  readonly onFailure: (failure: unknown) => void;
}

const storeName = 'the database of requests';

/**
 * A store of requests in PostgreSQL 14 or later, made when it is missing; any number of processes may share
 * it. A request and its message are written in one transaction; the messages are brought to the bus behind
 * it. Rejects with a RequestStoreFailure when the database can't be reached.
 */
export async function openPostgresRequests({
  connectionString,
  bus,
  onFailure,
}: PostgresRequestsOptions): Promise<RequestStore> {
  const pool = openPool(connectionString);
  try {
    await guarded(storeName, () => makeTables(pool));
  } catch (cause) {
    await pool.end();
    throw cause;
  }
  const relay = startOutboxRelay({ source: createOutbox(pool), bus, onFailure });

  // The calls of many callers in one transaction, one transaction at a time: so messages keep their order.
  const accepting = gather<readonly NewRequest[], readonly Acceptance[]>(async (calls) => {
    const all = await acceptAll(pool, calls.flat());
    relay.ring();
    let from = 0;
    return calls.map(({ length }) => {
      from += length;
      return all.slice(from - length, from);
    });
  });

  const open = openedStore(storeName, async () => {
    await accepting.drain();
    await relay.stop();
    await pool.end();
  });

  return {
    accept: (requests) => open(() => accepting.add(requests)),
    settle: (settlements) => open(() => settleAll(pool, settlements)),
    hold: (holds) => open(() => holdAll(pool, holds)),
    find: (ids) => open(() => findAll(pool, ids)),
    removeExpired: (nowMs) => open(() => removeExpired(pool, nowMs)),
    check: () =>
      open(async () => {
        const { rows } = await pool.query<{ read_only: string }>(
          `SELECT current_setting('transaction_read_only') AS read_only,
             EXISTS (SELECT FROM ${schema}.requests) AS any`,
        );
        // A standby answers too, but keeps nothing.
        if (rows[0]?.read_only !== 'off') throw new Error('the database takes no writes');
      }),
    close: open.close,
  };
}
