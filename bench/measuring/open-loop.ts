import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { createLatencies } from './latencies.ts';
import type { Reading } from './readings.ts';

export interface Offer {
  readonly perSecond: number;
  readonly seconds: number;
  /** Stretches of it, one behind the other without a pause, that are told apart. */
  readonly windows?: number | undefined;
}

/**
 * Offers work at a fixed rate, however it is served, and counts latency from the moment at which each piece
 * was due: what the generator, a queue or a pause of this process adds is latency too, so nothing is
 * omitted in coordination with the server (Tene, How NOT to Measure Latency). It looks every millisecond.
 *
 * Answers the readings of each window. `send` answers false when the piece was turned away for overload: it
 * then has no latency, and the share of what was answered within a second tells of it. What could not even
 * be sent in half as much time again is given up, and counts with the latency that it has by then.
 */
export async function offer(
  { perSecond, seconds, windows = 3 }: Offer,
  send: () => Promise<boolean>,
): Promise<readonly (readonly Reading[])[]> {
  const perWindow = Math.ceil((perSecond * seconds) / windows);
  const total = perWindow * windows;
  const seen = Array.from({ length: windows }, () => ({ latencies: createLatencies(), inTime: 0 }));
  const settled = Promise.withResolvers<void>();
  // Until it is awaited, a failure must not count as one that nobody has seen.
  settled.promise.catch(() => undefined);
  let failed = false;
  let left = total;
  const startMs = performance.now();
  const giveUpMs = startMs + seconds * 1_500;

  const settle = (number: number, end: 'served' | 'turned away' | 'given up'): void => {
    const latencyMs = performance.now() - startMs - (number * 1_000) / perSecond;
    const window = seen[Math.floor(number / perWindow)];
    if (window !== undefined && end !== 'turned away') {
      window.latencies.record(latencyMs);
      if (end === 'served' && latencyMs < inTimeMs) window.inTime += 1;
    }
    left -= 1;
    if (left === 0) settled.resolve();
  };

  const fail = (failure: unknown): void => {
    failed = true;
    settled.reject(failure);
  };

  for (let sent = 0; sent < total && !failed;) {
    const nowMs = performance.now();
    if (nowMs > giveUpMs) {
      for (; sent < total; sent += 1) settle(sent, 'given up');
      break;
    }
    const due = Math.min(total, Math.ceil(((nowMs - startMs) * perSecond) / 1_000));
    const inThisTurn = Math.min(due, sent + sentPerTurnMax);
    for (; sent < inThisTurn; sent += 1) {
      const number = sent;
      send().then((served) => settle(number, served ? 'served' : 'turned away'), fail);
    }
    if (sent < due) await nextTurn();
    else await sleep(1);
  }
  await settled.promise;
  return seen.map(({ latencies, inTime }) => [
    ...latencies.readings(),
    { column: inTimeColumn, unit: '%', value: (100 * inTime) / perWindow },
  ]);
}

/** Whoever shares the thread must get his turn, or all that is sent would wait for the last of it. */
const sentPerTurnMax = 100;
const inTimeMs = 1_000;
export const inTimeColumn = 'answered within 1 s';
