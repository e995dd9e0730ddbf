import { randomBytes } from 'node:crypto';
import {
  eventType,
  field,
  instantFromMilliseconds,
  openEventStore,
} from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { expect, test } from 'vitest';
import {
  instrumentStream,
  TradingHalted,
  type InstrumentSymbol,
} from '../domain/instruments/events.ts';

const stream = instrumentStream('AAPL' as InstrumentSymbol);

test('LG-03 a halt written before halts had codes reads as one without', async () => {
  const parts = {
    storage: openMemoryStorage(),
    clock: () => instantFromMilliseconds(1),
    randomBytes,
  };
  const before = eventType('TradingHalted', { reason: field.text() });
  const events = [{ type: 'TradingHalted', data: { reason: 'news pending' } }];
  const old = await openEventStore({ ...parts, eventTypes: [before] });
  await old.append({ appends: [{ stream, expected: 'none', events }], cause: { userId: 'desk' } });

  const now = await openEventStore({ ...parts, eventTypes: [TradingHalted] });

  expect(await now.readStream(stream, { from: 1, limit: 10 })).toMatchObject([
    { type: 'TradingHalted', data: { reason: 'news pending', haltCode: null } },
  ]);
});
