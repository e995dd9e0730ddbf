import { formatInstant, type Instant, type RecordedEvent } from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accountDecider } from '../domain/accounts/account.ts';
import { accountStream, type AccountEvent } from '../domain/accounts/events.ts';
import {
  instrumentStream,
  pricesStream,
  type InstrumentEvent,
  type PricesEvent,
} from '../domain/instruments/events.ts';
import { instrumentDecider } from '../domain/instruments/instrument.ts';
import { pricesDecider } from '../domain/instruments/prices.ts';
import { projections } from '../read-models/projections.ts';
import { accountIds, openHistory, symbols, type History } from './history.fixture.ts';
import { eventsOf, storedLog, storeKinds, upTo, useStores, type Place } from './stores.fixture.ts';

const placeIn = useStores();

/** Every account, instrument and price, folded from events here. */
function statesAfter(events: readonly RecordedEvent[]) {
  const of = (stream: string): readonly unknown[] =>
    events.filter((event) => event.stream === stream);
  return {
    accounts: accountIds.map((id) =>
      (of(accountStream(id)) as readonly AccountEvent[]).reduce(
        accountDecider.evolve,
        accountDecider.initial,
      ),
    ),
    instruments: symbols.map((symbol) =>
      (of(instrumentStream(symbol)) as readonly InstrumentEvent[]).reduce(
        instrumentDecider.evolve,
        instrumentDecider.initial,
      ),
    ),
    prices: symbols.map((symbol) =>
      (of(pricesStream(symbol)) as readonly PricesEvent[]).reduce(
        pricesDecider.evolve,
        pricesDecider.initial,
      ),
    ),
  };
}

/** The same as a program knows it that has opened the store. */
async function statesIn({ ledger, market }: History) {
  const accounts = await Promise.all(accountIds.map((id) => ledger.accountNow(id)));
  return {
    accounts: accounts.map(({ account }) => account),
    instruments: symbols.map((symbol) => market.instrument(symbol)),
    prices: symbols.map((symbol) => market.prices(symbol)),
  };
}

/** What every account held and was worth on some days, as known at a moment. */
async function pastOf({ temporal }: History, days: readonly string[], knownAt?: Instant) {
  const answers = accountIds.flatMap((id) =>
    days.map(async (asOf) => {
      const answer = await temporal.portfolio(id, { asOf: asOf as never, knownAt });
      return answer && { portfolio: answer.portfolio, valuation: answer.valuation };
    }),
  );
  return Promise.all(answers);
}

async function withHistory<Result>(
  place: Place,
  work: (history: History) => Promise<Result>,
): Promise<Result> {
  const history = await openHistory(place.config, 0);
  try {
    return await work(history);
  } finally {
    await history.close();
  }
}

const days = ['2026-10-20', '2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04'];
const readModels = projections.length;

describe('LG-14 whatever has happened', () => {
  test(
    'LG-12 LG-13 a restore is the store as it was then, read models included',
    { timeout: 600_000 },
    async () => {
      const scenario = fc.record({
        seed: fc.integer({ min: 0 }),
        from: fc.constantFrom(...storeKinds),
        into: fc.constantFrom(...storeKinds),
        commands: fc.integer({ min: 1, max: 90 }),
        /** As a part of the whole log. */
        point: fc.double({ min: 0, max: 0.999, noNaN: true }),
        byTime: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(scenario, async ({ seed, from, into, commands, point, byTime }) => {
          const [origin, target] = [await placeIn(from), await placeIn(into)];
          const history = await openHistory(origin.config, seed);
          await history.act(commands);
          await history.close();
          const file = origin.file('backup');
          expect(await origin.run('backup', file)).toMatchObject({ code: 0 });
          const log = await storedLog(origin);
          const events = await eventsOf(origin);

          const chosen = 1 + Math.floor(point * events.length);
          const { recordedAt } = events[chosen - 1] as RecordedEvent;
          const position = byTime
            ? events.filter((event) => event.recordedAt <= recordedAt).length
            : chosen;
          const to = byTime ? formatInstant(recordedAt) : String(chosen);
          expect(await target.run('restore', file, '--to', to)).toMatchObject({ code: 0 });

          expect(await storedLog(target)).toEqual(upTo(log, position));
          const then = statesAfter(events.slice(0, position));
          await withHistory(target, async (restored) => {
            expect(await statesIn(restored)).toEqual(then);
            if (!byTime) return;
            const past = await withHistory(origin, (whole) => pastOf(whole, days, recordedAt));
            expect(await pastOf(restored, days)).toEqual(past);
          });
          const { code, output } = await target.run('verify');
          expect(code).toBe(0);
          expect(
            output.match(new RegExp(`equal to the log up to position ${position}$`, 'gm')),
          ).toHaveLength(readModels);
        }),
        { numRuns: 20 },
      );
    },
  );
});
