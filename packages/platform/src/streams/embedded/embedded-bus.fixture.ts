import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Instant } from '@counterfoil/event-store';
import type { BusUnderTest } from '../contract/bus-under-test.ts';
import { openEmbeddedBus, type EmbeddedBus, type EmbeddedBusOptions } from './embedded-bus.ts';

const clock = (): Instant => (BigInt(Date.now()) * 1_000_000n) as Instant;

/** An embedded bus in a directory of its own. */
export async function openBus(
  options: Partial<EmbeddedBusOptions> = {},
): Promise<BusUnderTest & { readonly file: string; embedded(): EmbeddedBus }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-bus-'));
  const file = path.join(directory, 'bus.sqlite');
  const open = (): Promise<EmbeddedBus> => openEmbeddedBus({ file, clock, ...options });
  let bus = await open();
  return {
    file,
    bus,
    embedded: () => bus,
    reopen: async () => {
      await bus.close();
      bus = await open();
      return bus;
    },
    destroy: async () => {
      await bus.close();
      await rm(directory, { recursive: true });
    },
  };
}
