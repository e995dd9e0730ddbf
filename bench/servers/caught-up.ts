import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves once the server's read models show all that is in its log. */
export async function untilCaughtUp(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/health`);
    const { projections } = (await response.json()) as Health;
    if (projections.lag === 0) return;
    if (projections.status !== 'following') throw new Error('the read models stand still');
    await sleep(20);
  }
}

interface Health {
  readonly projections: { readonly status: string; readonly lag: number | null };
}
