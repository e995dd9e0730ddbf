import { setTimeout as sleep } from 'node:timers/promises';
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
 * then has no latency, and the share of what was answered within a second tells of it.
 */
export async function offer(
  { perSecond, seconds, windows = 3 }: Offer,
  send: () => Promise<boolean>,
): Promise<readonly (readonly Reading[])[]> {
  const perWindow = Math.ceil((perSecond * seconds) / windows);
  const total = perWindow * windows;
  const seen = Array.from({ length: windows }, () => ({ latencies: createLatencies(), inTime: 0 }));
  const settled = Promise.withResolvers<void>();
  let left = total;
  const startMs = performance.now();

  const sendOne = async (number: number): Promise<void> => {
    const dueMs = startMs + (number * 1_000) / perSecond;
    const served = await send();
    const latencyMs = performance.now() - dueMs;
    const window = seen[Math.floor(number / perWindow)];
    if (served && window !== undefined) {
      window.latencies.record(latencyMs);
      if (latencyMs < inTimeMs) window.inTime += 1;
    }
    left -= 1;
    if (left === 0) settled.resolve();
  };

  for (let sent = 0; sent < total;) {
    const due = Math.ceil(((performance.now() - startMs) * perSecond) / 1_000);
    for (; sent < Math.min(due, total); sent += 1) sendOne(sent).catch(settled.reject);
    await sleep(1);
  }
  await settled.promise;
  return seen.map(({ latencies, inTime }) => [
    ...latencies.readings(),
    { column: inTimeColumn, unit: '%', value: (100 * inTime) / perWindow },
  ]);
}

const inTimeMs = 1_000;
export const inTimeColumn = 'answered within 1 s';
