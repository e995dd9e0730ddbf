import { streamId, type EventStorage, type Instant } from '@counterfoil/event-store';

/** A log of so many events that are made up as they are read: a long one costs no disk. */
export function syntheticLog(
  events: number,
): Pick<EventStorage, 'readAll' | 'schemas' | 'head' | 'watch'> {
  const streams = Array.from({ length: 1_000 }, (_, index) => streamId(`account-${index}`));
  const body = Buffer.alloc(200, 7);
  const recordedAt = 1_700_000_000_000_000_000n as Instant;
  return {
    schemas: async () => [{ id: 1, type: 'TradeBooked', version: 1, avro: 'bytes' }],
    head: async () => ({ position: events, recordedAt }),
    watch: () => () => undefined,
    readAll: async ({ after, limit }) => {
      const count = Math.max(0, Math.min(limit, events - after));
      const records = Array.from({ length: count }, (_, index) => {
        const position = after + index + 1;
        const stream = streams[position % streams.length] ?? streamId('account-0');
        return {
          position,
          stream,
          version: Math.ceil(position / streams.length),
          schema: 1,
          recordedAt,
          body,
        };
      });
      return { records, scannedTo: after + count, more: after + count < events };
    },
  };
}
