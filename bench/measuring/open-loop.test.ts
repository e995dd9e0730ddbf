import { expect, test } from 'vitest';
import { inTimeColumn, offer } from './open-loop.ts';
import type { Reading } from './readings.ts';

test('whoever stalls pays for all that was due meanwhile, though it was sent only afterwards', async () => {
  let calls = 0;
  // A hundred pieces are due within 100 ms, in which the first keeps the only thread.
  const [window] = await offer({ perSecond: 1_000, seconds: 0.1, windows: 1 }, async () => {
    calls += 1;
    if (calls === 1) blockFor(120);
    return true;
  });
  // The last of them was due 20 ms before the end of the stall. No machine is too slow for that.
  expect(value(window, 'p50')).toBeGreaterThan(50);
});

test('what is turned away was not answered, and has no latency', async () => {
  let calls = 0;
  const [window] = await offer({ perSecond: 100, seconds: 1, windows: 1 }, async () => {
    calls += 1;
    return calls % 2 === 0;
  });
  expect(value(window, inTimeColumn)).toBe(50);
});

test('what can never be sent is given up, and counts as not answered', async () => {
  const [window] = await offer({ perSecond: 1_000, seconds: 0.1, windows: 1 }, async () => {
    blockFor(5);
    return true;
  });
  expect(value(window, inTimeColumn)).toBeLessThan(100);
});

test('a failure of what is offered is a failure of the offer', async () => {
  const broken = offer({ perSecond: 100, seconds: 0.01 }, async () => {
    throw new Error('broken');
  });
  await expect(broken).rejects.toThrow('broken');
});

test('the windows follow each other', async () => {
  let calls = 0;
  const windows = await offer({ perSecond: 30, seconds: 1, windows: 3 }, async () => {
    calls += 1;
    return calls <= 10 || calls > 20;
  });
  expect(windows.map((window) => value(window, inTimeColumn))).toEqual([100, 0, 100]);
});

function blockFor(milliseconds: number): void {
  const endMs = performance.now() + milliseconds;
  while (performance.now() < endMs);
}

function value(readings: readonly Reading[] | undefined, column: string): number | undefined {
  return readings?.find((reading) => reading.column === column)?.value;
}
