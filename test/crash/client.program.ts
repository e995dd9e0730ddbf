/**
 * A program under load, to be killed: many clients place orders at once, and note what they were told. It
 * says `ready` when it has begun and `answered` after the first outcome, goes through outages of the database, answers `status` on its input with
 * `caught up` when its own followers have reached the head of the log, and ends when its input does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StorageFailure } from '@counterfoil/event-store';
import type { Config } from '../../packages/platform/src/config.ts';
import { startPlatform, type Platform } from '../../packages/platform/src/platform.ts';
import { openJournal, type Journal } from './journal.ts';
import { place } from './place.ts';
import { orderOf, type Load } from './workload.ts';

export interface ClientOptions {
  readonly config: Config;
  readonly load: Load;
  readonly journal: string;
  /** Orders under way at once. */
  readonly clients: number;
  /** The number of the first order; 0 when left out. */
  readonly first?: number;
}

const options = JSON.parse(process.argv[2] ?? '') as ClientOptions;

// Whoever started this may be killed too.
process.stdin.on('end', () => process.exit());
process.stdin.on('data', () => void reportStatus());

const platform = await startPlatform(options.config);
const journal = openJournal(options.journal);
console.log('ready');
let next = options.first ?? 0;
let answered = false;
await Promise.all(Array.from({ length: options.clients }, () => client(platform, journal)));

async function client({ ledger }: Platform, { sent, told }: Journal): Promise<void> {
  for (;;) {
    const number = next;
    next += 1;
    sent(number);
    for (;;) {
      try {
        told(number, await place(ledger, orderOf(options.load, number)));
        if (!answered) console.log('answered');
        answered = true;
        break;
      } catch (failure) {
        if (!(failure instanceof StorageFailure) || failure.final) throw failure;
        await sleep(20);
      }
    }
  }
}

async function reportStatus(): Promise<void> {
  const { position } = await platform.store.head();
  await platform.market.reach(position);
  const { projector } = platform;
  if (!(await projector.waitFor(position, 60_000))) {
    throw new Error(`the read models stand still at ${projector.position()}`, {
      cause: projector.failure(),
    });
  }
  console.log('caught up');
}
