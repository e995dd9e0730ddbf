import {
  calendarDate,
  instantFromMicroseconds,
  parseInstant,
  type DomainEvent,
  type Instant,
  type Projection,
  type RecordedEvent,
  type Row,
  type StreamId,
} from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import { currency } from '../money/currency.ts';
import { Price, Quantity } from '../money/money.ts';
import {
  instrumentStream,
  pricesStream,
  type InstrumentEvent,
  type InstrumentSymbol,
  type PricesEvent,
} from './events.ts';
import { instrumentProjections } from './views.ts';

const symbol = 'AAPL' as InstrumentSymbol;

function view(name: string, stream: StreamId, events: readonly DomainEvent[]): readonly Row[] {
  const projection: Projection | undefined = instrumentProjections.find(
    (known) => known.name === name,
  );
  const rows = new Map<string, Row>();
  for (const [index, event] of events.entries()) {
    for (const change of projection?.project(recorded(stream, event, index + 1)) ?? []) {
      const key = JSON.stringify(change.key);
      const row = 'row' in change ? change.row : change.update(rows.get(key));
      if (row !== undefined) rows.set(key, row);
    }
  }
  const columns = Object.keys(projection?.columns ?? {}).toSorted();
  for (const row of rows.values()) expect(Object.keys(row).toSorted()).toEqual(columns);
  return [...rows.values()];
}

function recorded(stream: StreamId, event: DomainEvent, position: number): RecordedEvent {
  return {
    ...event,
    eventId: `00000000-0000-7000-8000-${position}` as RecordedEvent['eventId'],
    stream,
    version: position,
    position,
    recordedAt: instantFromMicroseconds(1_790_000_000_000_000 + position),
    schemaVersion: 1,
    metadata: { userId: 'u', correlationId: 'c', causationId: null },
  };
}

describe('LG-10 the view of instruments', () => {
  const listed: InstrumentEvent = {
    type: 'InstrumentListed',
    data: {
      symbol,
      currency: currency('USD'),
      name: 'Apple Inc.',
      lotSize: Quantity.of('1'),
      tickSize: Price.of('0.01'),
      isin: null,
    },
  };
  const { symbol: _symbol, currency: _currency, ...terms } = listed.data;
  const amended: InstrumentEvent = {
    type: 'InstrumentAmended',
    data: { ...terms, lotSize: Quantity.of('0.5'), isin: 'US0378331005', reason: 'fractions' },
  };
  const halted: InstrumentEvent = {
    type: 'TradingHalted',
    data: { reason: 'news', haltCode: 'LUDP' },
  };
  const resumed: InstrumentEvent = { type: 'TradingResumed', data: { reason: 'news out' } };
  const delisted: InstrumentEvent = { type: 'InstrumentDelisted', data: { reason: 'merged' } };

  it('has the terms and the status of the moment', () => {
    expect(view('instruments', instrumentStream(symbol), [listed, halted, amended])).toEqual([
      {
        symbol: 'AAPL',
        name: 'Apple Inc.',
        currency: 'USD',
        lot_size: '0.5',
        tick_size: '0.01',
        isin: 'US0378331005',
        status: 'HALTED',
        status_reason: 'news',
        halt_code: 'LUDP',
        updated_at: '2026-09-21T14:13:20.000003Z',
      },
    ]);
  });

  it.each([
    {
      events: [listed, halted, resumed],
      row: { status: 'TRADING', status_reason: null, halt_code: null },
    },
    {
      events: [listed, delisted],
      row: { status: 'DELISTED', status_reason: 'merged', halt_code: null },
    },
  ])('is $row.status', ({ events, row }) => {
    expect(view('instruments', instrumentStream(symbol), events)).toMatchObject([row]);
  });
});

const bar = (date: string, close: string): PricesEvent => ({
  type: 'DailyBarRecorded',
  data: {
    symbol,
    date: calendarDate(date),
    open: Price.of('1'),
    high: Price.of('999'),
    low: Price.of('0.5'),
    close: Price.of(close),
    volume: Quantity.of('44109029'),
    source: 'sip',
  },
});

const mark = (at: string, price: string): PricesEvent => ({
  type: 'PriceMarked',
  data: {
    symbol,
    price: Price.of(price),
    markedAt: parseInstant(at) as Instant,
    date: calendarDate(at.slice(0, 10)),
    source: 'feed',
  },
});

describe('LG-10 LG-16 the views of prices', () => {
  it('keep one row a day, the newest report of it', () => {
    const events = [
      bar('2020-08-28', '499'),
      bar('2020-08-31', '129.04'),
      bar('2020-08-28', '499.23'),
      mark('2020-09-01T13:30:00Z', '132'),
    ];
    expect(view('closing_prices', pricesStream(symbol), events)).toEqual([
      {
        symbol: 'AAPL',
        date: '2020-08-28',
        open: '1',
        high: '999',
        low: '0.5',
        close: '499.23',
        volume: '44109029',
        source: 'sip',
        recorded_at: '2026-09-21T14:13:20.000003Z',
      },
      expect.objectContaining({ date: '2020-08-31', close: '129.04' }),
    ]);
  });

  it.each([
    {
      title: 'a mark after a close',
      events: [bar('2020-08-28', '499.23'), mark('2020-08-31T13:30:00Z', '127.67')],
      last: { price: '127.67', date: '2020-08-31', marked_at: '2020-08-31T13:30:00.000000Z' },
    },
    {
      title: 'a mark, whatever bars of the past are imported behind it',
      events: [mark('2020-08-31T13:30:00Z', '127.67'), bar('2020-08-28', '499.23')],
      last: { price: '127.67', date: '2020-08-31', source: 'feed' },
    },
    {
      title: 'the close of the day of the mark',
      events: [mark('2020-08-31T13:30:00Z', '127.67'), bar('2020-08-31', '129.04')],
      last: { price: '129.04', date: '2020-08-31', marked_at: null, source: 'sip' },
    },
  ])('have as last price $title', ({ events, last }) => {
    expect(view('last_prices', pricesStream(symbol), events)).toMatchObject([last]);
  });
});
