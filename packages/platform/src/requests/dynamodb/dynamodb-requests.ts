import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Bus } from '../../streams/bus.ts';
import { gather } from '../../streams/gathering.ts';
import { guarded, openedStore } from '../opened.ts';
import { startOutboxRelay } from '../outbox-relay.ts';
import { type Acceptance, type NewRequest, type RequestStore } from '../request-store.ts';
import { keepAll, type Placed } from './acceptance.ts';
import { createOutbox } from './outbox.ts';
import { findAll, holdAll, settleAll } from './outcomes.ts';
import { makeTable } from './table.ts';

export interface DynamoRequestsOptions {
  /** Where DynamoDB is, when it is not the region's own. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** Made when it is missing. */
  readonly table: string;
  /** Where the messages go; it stays open when the store is closed. */
  readonly bus: Bus;
  /** Called when messages can't be brought to the bus for now: that is tried again. */
  readonly onFailure: (failure: unknown) => void;
}

const storeName = 'the table of requests';

/**
 * A store of requests in a table of DynamoDB, which any number of processes may share; credentials are found
 * as AWS's own programs find them. A request and its message are one item; the messages are brought to the
 * bus behind it. Rejects with a RequestStoreFailure when the table can't be used.
 */
export async function openDynamoRequests({
  endpoint,
  region,
  table,
  bus,
  onFailure,
}: DynamoRequestsOptions): Promise<RequestStore> {
  const client = new DynamoDBClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 5,
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: 10_000,
      throwOnRequestTimeout: true,
    },
  });
  try {
    await guarded(storeName, () => makeTable(client, table));
  } catch (cause) {
    client.destroy();
    throw cause;
  }
  const outbox = createOutbox(client, table);
  const relay = startOutboxRelay({ source: outbox, bus, onFailure });

  // The calls that came while others were under way go together, and their messages in the order of the calls.
  const accepting = gather<readonly Placed[], unknown>(async (calls) => {
    const placed = calls.flat();
    await keepAll(client, table, placed);
    outbox.add(
      placed
        .filter(({ end }) => end?.kind === 'accepted')
        .map(({ place, request: { id, topic, message } }) => ({ id, place, topic, message })),
    );
    relay.ring();
    // What came of each is in it.
    return [];
  });

  const open = openedStore(storeName, async () => {
    await accepting.drain();
    await relay.stop();
    client.destroy();
  });

  const accept = async (requests: readonly NewRequest[]): Promise<readonly Acceptance[]> => {
    const placed = requests.map((request): Placed => ({
      request,
      place: outbox.nextPlace(),
      end: undefined,
    }));
    await accepting.add(placed);
    return placed.map(({ end }) => {
      if (end === undefined) throw new Error('a request was left out');
      if (end.kind === 'unknown') throw end.cause;
      return end;
    });
  };

  return {
    accept: (requests) => open(() => accept(requests)),
    settle: (settlements) => open(() => settleAll(client, table, settlements)),
    hold: (holds) => open(() => holdAll(client, table, holds)),
    find: (ids) => open(() => findAll(client, table, ids)),
    // DynamoDB removes by itself what has an attribute `expires` of a time that is past.
    removeExpired: () => open(async () => 0),
    check: () =>
      open(async () => {
        await client.send(new GetItemCommand({ TableName: table, Key: { id: { S: 'check' } } }));
      }),
    close: open.close,
  };
}
