import { randomBytes } from 'node:crypto';
import {
  eventType,
  field,
  instantFromMilliseconds,
  openEventStore,
  plainSensitive,
} from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { expect, test } from 'vitest';
import { AccountOpened, accountStream, type AccountId } from '../domain/accounts/events.ts';
import {
  instrumentStream,
  TradingHalted,
  type InstrumentSymbol,
} from '../domain/instruments/events.ts';
import { currency } from '../domain/money/currency.ts';
import { Money } from '../domain/money/money.ts';

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

test('LG-03, RC-04 an account opened before names were sealed reads as one with an open name', async () => {
  const parts = {
    storage: openMemoryStorage(),
    clock: () => instantFromMilliseconds(1),
    randomBytes,
  };
  const terms = {
    ownerKind: field.oneOf('OwnerKind', ['INDIVIDUAL', 'CORPORATE']),
    currency: field.text(),
    initialBalance: Money.field,
    costMethod: field.oneOf('CostMethod', ['FIFO', 'AVERAGE']),
    shortSelling: field.flag(),
    openedOn: field.date(),
  };
  const before = eventType('AccountOpened', {
    accountId: field.text(),
    ownerName: field.text(),
    ...terms,
  });
  const data = {
    accountId: 'A1',
    ownerName: 'Ada',
    ownerKind: 'INDIVIDUAL',
    currency: currency('USD'),
    initialBalance: Money.of('1'),
    costMethod: 'FIFO',
    shortSelling: false,
    openedOn: '2020-01-02',
  };
  const account = accountStream('A1' as AccountId);
  const events = [{ type: 'AccountOpened', data }];
  const old = await openEventStore({ ...parts, eventTypes: [before] });
  await old.append({
    appends: [{ stream: account, expected: 'none', events }],
    cause: { userId: 'desk' },
  });

  const now = await openEventStore({ ...parts, eventTypes: [AccountOpened] });

  const [opened] = await now.readStream(account);
  expect(opened?.data).toEqual({ ...data, ownerName: plainSensitive('Ada') });
});
