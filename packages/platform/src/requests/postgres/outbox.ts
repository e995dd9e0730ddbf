import type { Pool } from 'pg';
import type { OutboxSource, UnsentMessage } from '../outbox-relay.ts';
import { schema } from './tables.ts';
import { inTransaction } from './transaction.ts';

interface Numbered extends UnsentMessage {
  readonly number: string;
}

/** The messages in the database; one process at a time takes them, so that they keep their order. */
export function createOutbox(pool: Pool): OutboxSource {
  return {
    takeUnsent: ({ messagesMax, bytesMax }, publish) =>
      inTransaction(pool, async (client) => {
        const { rows: locks } = await client.query<{ locked: boolean }>(
          'SELECT pg_try_advisory_xact_lock(hashtext($1)) AS locked',
          [`${schema} relay`],
        );
        if (locks[0]?.locked !== true) return 'busy';
        const { rows } = await client.query<OutboxRow>(unsent, [messagesMax, bytesMax]);
        if (rows.length === 0) return 'none';
        const sent = await publish(rows.map(numbered));
        await client.query(`DELETE FROM ${schema}.request_outbox WHERE id = ANY($1::bigint[])`, [
          sent.map(({ number }) => number),
        ]);
        return 'some';
      }),
  };
}

/** Sizes are read without the values, of which those that are too many are never fetched. */
const unsent = `
SELECT id, topic, key, headers, value FROM (
  SELECT *, row_number() OVER before AS number, sum(octet_length(value)) OVER before AS bytes
  FROM (SELECT * FROM ${schema}.request_outbox ORDER BY id LIMIT $1) AS oldest
  WINDOW before AS (ORDER BY id)
) AS counted
WHERE number = 1 OR bytes <= $2
ORDER BY id`;

interface OutboxRow {
  readonly id: string;
  readonly topic: string;
  readonly key: Buffer;
  readonly headers: string | null;
  readonly value: Buffer;
}

function numbered({ id, topic, key, headers, value }: OutboxRow): Numbered {
  return {
    number: id,
    topic,
    message: {
      key: key.toString(),
      value,
      headers:
        headers === null ? undefined : (JSON.parse(headers) as Readonly<Record<string, string>>),
    },
  };
}
