import type { StreamId } from '../kernel/identifiers.ts';

/** Lines of those who wait to decide on a stream: one for each stream that somebody waits for. */
export interface StreamLines<Entry> {
  isEmpty(stream: StreamId): boolean;
  /** See StagedStreams. */
  inOrder<Decided>(
    stream: StreamId,
    decide: (entry: Entry) => Decided | Promise<Decided>,
  ): Promise<Decided>;
}

/** What waiting for a stream takes to know of it. */
interface Awaited {
  readonly fallen: boolean;
  readonly turn: Promise<void> | undefined;
}

/**
 * A stream that is being loaded, or in somebody's turn, becomes free some microtasks before those who wait
 * for it go on. Whoever comes in between must go behind them, so that what one client sends in some order
 * is decided in that order.
 */
export function createStreamLines<Entry extends Awaited>(
  load: (stream: StreamId) => Entry | Promise<Entry>,
): StreamLines<Entry> {
  // The last in each line, who hands the stream on: it may not be in memory any more.
  const lasts = new Map<StreamId, Promise<Entry>>();

  return {
    isEmpty: (stream) => lasts.size === 0 || !lasts.has(stream),
    inOrder: async (stream, decide) => {
      const before = lasts.get(stream);
      const { promise: own, resolve, reject } = Promise.withResolvers<Entry>();
      // There may be nobody behind.
      own.catch(() => undefined);
      lasts.set(stream, own);
      try {
        // The first in line begins to load at once.
        let entry = before && (await before);
        while (entry === undefined || entry.fallen || entry.turn !== undefined) {
          if (entry === undefined || entry.fallen) entry = await load(stream);
          else await entry.turn;
        }
        try {
          return await decide(entry);
        } finally {
          resolve(entry);
        }
      } catch (failure) {
        // Without effect on what decided: the stream has been handed on then.
        reject(failure);
        throw failure;
      } finally {
        if (lasts.get(stream) === own) lasts.delete(stream);
      }
    },
  };
}
