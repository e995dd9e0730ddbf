import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { EventStore, RecordedEvent, StreamId } from '@counterfoil/event-store';
import { checkConsistency } from '@counterfoil/event-store/projections';
import { accountDecider } from '../../packages/platform/src/domain/accounts/account.ts';
import {
  accountOfStream,
  type AccountEvent,
} from '../../packages/platform/src/domain/accounts/events.ts';
import type { AccountState } from '../../packages/platform/src/domain/accounts/state.ts';
import { holdingsReviewStream } from '../../packages/platform/src/domain/corporate-actions/events.ts';
import type { Platform } from '../../packages/platform/src/platform.ts';
import { projections } from '../../packages/platform/src/read-models/projections.ts';
import { must } from '../simulation/must.ts';
import { same } from '../simulation/same.ts';
import { keyOf, noteOf, place, type Outcome } from './place.ts';
import { orderOf, type Load, type Order } from './workload.ts';

/** What a round's orders came to. */
export interface Tally {
  /** Orders whose outcome the client was told. */
  acknowledged: number;
  /** Of the others, those that had taken effect all the same. */
  recovered: number;
  /** And those that had not, and took effect when they were sent again. */
  resent: number;
  /** Events in the log. */
  events: number;
}

export const noTally: Readonly<Tally> = { acknowledged: 0, recovered: 0, resent: 0, events: 0 };

/** Adds a round to those before it, of the same log. */
export function addTally(sum: Tally, { acknowledged, recovered, resent, events }: Tally): void {
  sum.acknowledged += acknowledged;
  sum.recovered += recovered;
  sum.resent += resent;
  sum.events = events;
}

/**
 * Checks a log that is opened again after a crash against what its clients were told. It remembers what it
 * has checked: each round it reads what is new, and now and then all, to see that the old is still there.
 */
export interface Audit {
  /** Takes what the log holds before the first round as it is. */
  begin(platform: Platform): Promise<void>;
  check(platform: Platform, load: Load, told: Told): Promise<Tally>;
  /** Reads all of the log again, and folds all read models afresh. */
  checkAll(platform: Platform): Promise<void>;
}

/** By number, the orders sent, and the outcome where the client was told it. */
export type Told = ReadonlyMap<number, Outcome | undefined>;

export function createAudit(): Audit {
  const ledger = createLogReader();
  return {
    begin: async ({ store }) => {
      await ledger.readOn(store);
    },
    check: async (platform, load, told) => {
      const orders = [...told].map(([number, outcome]) => ({
        order: orderOf(load, number),
        outcome,
      }));
      const unanswered = orders.filter(({ outcome }) => outcome === undefined);
      const recovered = await sendAgain(
        platform,
        unanswered.map(({ order }) => order),
      );
      // The program notes by itself how far it has looked through the log.
      const added = (await ledger.readOn(platform.store)).filter(
        ({ stream }) => stream !== holdingsReviewStream,
      );
      const effects = Map.groupBy(added, ({ metadata }) => metadata.correlationId);
      for (const { order, outcome } of orders) {
        await checkEffect(platform.store, order, outcome, effects.get(order.key) ?? []);
        effects.delete(order.key);
      }
      must(effects.size === 0, () => `nobody asked for ${[...effects.keys()].join(', ')}`);
      await ledger.checkAccounts(platform, new Set(added.map(({ stream }) => stream)));
      await checkCaughtUp(platform);
      return {
        acknowledged: orders.length - unanswered.length,
        recovered,
        resent: unanswered.length - recovered,
        events: (await platform.store.head()).position,
      };
    },
    checkAll: async (platform) => {
      await ledger.readAgain(platform.store);
      for (const projection of projections) {
        const { store, readModels } = platform;
        const result = await checkConsistency({ log: store, database: readModels, projection });
        must(result.equal, () => `a read model differs from the log: ${JSON.stringify(result)}`);
      }
    },
  };
}

/**
 * Sends every order again whose outcome the client never learned, twice at once. Answers how many had taken
 * effect before; each of the others does so now, and one time only.
 */
async function sendAgain({ ledger, store }: Platform, orders: readonly Order[]): Promise<number> {
  let recovered = 0;
  for (const order of orders) {
    const held = await store.findClaim(keyOf(order));
    const outcomes = await Promise.all([place(ledger, order), place(ledger, order)]);
    const fresh = outcomes.filter(({ repeated }) => !repeated).length;
    must(fresh <= 1, () => `${order.key} took effect twice when it was sent twice`);
    must(held === undefined || fresh === 0, () => `${order.key} took effect again`);
    if (fresh === 0) recovered += 1;
  }
  return recovered;
}

async function checkEffect(
  store: EventStore,
  order: Order,
  outcome: Outcome | undefined,
  effect: readonly RecordedEvent[],
): Promise<void> {
  const ids = effect.map(({ eventId }) => eventId);
  const held = await store.findClaim(keyOf(order));
  must(held !== undefined, () => `the key of ${order.key} is gone`);
  const noted = noteOf(held.note);
  must(
    isDeepStrictEqual(noted.eventIds, ids),
    () => `${order.key} has the events ${ids.join(' ')}, its key knows ${noted.eventIds.join(' ')}`,
  );
  if (outcome === undefined) return;
  must(
    isDeepStrictEqual(outcome.eventIds, ids) && outcome.code === noted.code,
    () => `${order.key} was told ${outcome.eventIds.join(' ')}, the log has ${ids.join(' ')}`,
  );
  const last = effect.at(-1);
  if (last === undefined) return;
  must(
    outcome.version === last.version && (outcome.repeated || outcome.position === last.position),
    () => `${order.key} was told position ${outcome.position}, the log has it at ${last.position}`,
  );
}

interface LogReader {
  /** The events behind those read before. */
  readOn(store: EventStore): Promise<readonly RecordedEvent[]>;
  /** Reads everything once more, and finds it unchanged. */
  readAgain(store: EventStore): Promise<void>;
  /** Compares what the ledger says of accounts with the fold of all that was read. */
  checkAccounts(platform: Platform, streams: ReadonlySet<StreamId>): Promise<void>;
}

function createLogReader(): LogReader {
  const versions = new Map<StreamId, number>();
  const eventIds = new Set<string>();
  const tradeIds = new Set<string>();
  const accounts = new Map<StreamId, AccountState>();
  let position = 0;
  let recordedAt = 0n;
  let digest = '';

  const take = (event: RecordedEvent): void => {
    const { stream } = event;
    must(event.position === position + 1, () => `${position} is followed by ${event.position}`);
    const version = (versions.get(stream) ?? 0) + 1;
    must(event.version === version, () => `${stream} goes on with version ${event.version}`);
    must(!eventIds.has(event.eventId), () => `event ${event.eventId} is there twice`);
    must(event.recordedAt >= recordedAt, () => `time runs backwards at ${event.position}`);
    position = event.position;
    recordedAt = event.recordedAt;
    versions.set(stream, version);
    eventIds.add(event.eventId);
    if (!stream.startsWith('account-')) return;
    const fact = event as unknown as AccountEvent;
    accounts.set(stream, accountDecider.evolve(accounts.get(stream), fact));
    if (fact.type !== 'TradeBooked') return;
    const trade = `${stream} ${fact.data.tradeId}`;
    must(!tradeIds.has(trade), () => `trade ${trade} is booked twice`);
    tradeIds.add(trade);
  };

  return {
    readOn: async (store) => {
      const added: RecordedEvent[] = [];
      for await (const event of eventsAfter(store, position)) {
        take(event);
        digest = digestWith(digest, event);
        added.push(event);
      }
      return added;
    },
    readAgain: async (store) => {
      let again = '';
      for await (const event of eventsAfter(store, 0)) again = digestWith(again, event);
      must(again === digest, () => `the log is not what it was up to position ${position}`);
    },
    checkAccounts: async ({ ledger }, streams) => {
      for (const stream of streams) {
        if (!stream.startsWith('account-')) continue;
        const { account, version } = await ledger.accountNow(accountOfStream(stream));
        must(version === versions.get(stream), () => `${stream} is at version ${version}`);
        must(same(account, accounts.get(stream)), () => `${stream} is not the fold of its events`);
      }
    },
  };
}

async function* eventsAfter(store: EventStore, after: number): AsyncGenerator<RecordedEvent> {
  for (let from = after; ;) {
    const page = await store.readAll({ after: from, limit: 5_000 });
    yield* page.events;
    from = page.scannedTo;
    if (!page.more) return;
  }
}

function digestWith(digest: string, event: RecordedEvent): string {
  const { position, stream, version, recordedAt, eventId, type, data } = event;
  const text = JSON.stringify(
    [digest, position, stream, version, recordedAt, eventId, type, data],
    (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
  );
  return createHash('sha256').update(text).digest('base64');
}

async function checkCaughtUp({ store, projector }: Platform): Promise<void> {
  const { position } = await store.head();
  const reached = await projector.waitFor(position, 60_000);
  must(reached, () => `the read models stand at ${projector.position()}, the log at ${position}`);
}
