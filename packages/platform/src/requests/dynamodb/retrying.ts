import { setTimeout as sleep } from 'node:timers/promises';

const triesMax = 12;
const pauseMinMs = 20;
const pauseMaxMs = 2_000;

/**
 * Calls until nothing is left undone: DynamoDB answers what of a batch it could not do for now. Rejects when
 * it keeps on answering so.
 */
export async function untilAllDone<Work>(
  work: Work,
  call: (work: Work) => Promise<Work | undefined>,
): Promise<void> {
  let left: Work | undefined = work;
  for (let tries = 1; ; tries += 1) {
    left = await call(left);
    if (left === undefined) return;
    if (tries === triesMax) throw new Error('DynamoDB has left work undone again and again');
    // Half by chance, so that those who were in each other's way don't meet again.
    const pauseMs = Math.min(pauseMinMs * 2 ** tries, pauseMaxMs);
    await sleep(pauseMs / 2 + (Math.random() * pauseMs) / 2);
  }
}
