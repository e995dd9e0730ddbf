import type { Projection, RecordedEvent, Row, RowChange } from '@counterfoil/event-store';
import { instantCell } from '../calendar/instant-cell.ts';
import { Price, Quantity } from '../money/money.ts';
import { symbolOfStream, type InstrumentEvent, type PricesEvent } from './events.ts';

/** Every instrument ever listed, with its terms and trading status as they are now. */
const instruments: Projection<InstrumentEvent> = {
  name: 'instruments',
  version: 2,
  columns: {
    symbol: 'text',
    name: 'text',
    currency: 'text',
    lot_size: 'decimal',
    tick_size: 'decimal',
    isin: 'text',
    status: 'text',
    status_reason: 'text',
    halt_code: 'text',
    updated_at: 'instant',
  },
  key: ['symbol'],
  indexes: [['isin']],
  types: [
    'InstrumentListed',
    'InstrumentAmended',
    'TradingHalted',
    'TradingResumed',
    'InstrumentDelisted',
  ],
  project: (recorded) => [projectInstrument(recorded)],
};

function projectInstrument(recorded: RecordedEvent<InstrumentEvent>): RowChange {
  const event = recorded as InstrumentEvent;
  const symbol = symbolOfStream(recorded.stream);
  const updated_at = instantCell(recorded.recordedAt);
  const changed = (cells: Row): RowChange => ({
    key: [symbol],
    update: (row) => row && { ...row, ...cells, updated_at },
  });
  switch (event.type) {
    case 'InstrumentListed': {
      const row = { symbol, currency: event.data.currency, ...termCells(event.data), updated_at };
      return { key: [symbol], row: { ...row, ...trading } };
    }
    case 'InstrumentAmended':
      return changed(termCells(event.data));
    case 'TradingHalted':
      return changed({
        status: 'HALTED',
        status_reason: event.data.reason,
        halt_code: event.data.haltCode,
      });
    case 'TradingResumed':
      return changed(trading);
    case 'InstrumentDelisted':
      return changed({ ...trading, status: 'DELISTED', status_reason: event.data.reason });
  }
}

const trading = { status: 'TRADING', status_reason: null, halt_code: null };

function termCells(terms: {
  readonly name: string;
  readonly lotSize: Quantity;
  readonly tickSize: Price;
  readonly isin: string | null;
}): Row {
  return {
    name: terms.name,
    lot_size: Quantity.format(terms.lotSize),
    tick_size: Price.format(terms.tickSize),
    isin: terms.isin,
  };
}

/** One row a symbol and trading day: the newest report of its raw prices. */
const closingPrices: Projection<PricesEvent> = {
  name: 'closing_prices',
  version: 1,
  columns: {
    symbol: 'text',
    date: 'date',
    open: 'decimal',
    high: 'decimal',
    low: 'decimal',
    close: 'decimal',
    volume: 'decimal',
    source: 'text',
    recorded_at: 'instant',
  },
  key: ['symbol', 'date'],
  indexes: [['date']],
  types: ['DailyBarRecorded'],
  project: (recorded) => {
    const event = recorded as PricesEvent;
    if (event.type !== 'DailyBarRecorded') return [];
    const { symbol, date, open, high, low, close, volume, source } = event.data;
    const row: Row = {
      symbol,
      date,
      open: Price.format(open),
      high: Price.format(high),
      low: Price.format(low),
      close: Price.format(close),
      volume: Quantity.format(volume),
      source,
      recorded_at: instantCell(recorded.recordedAt),
    };
    return [{ key: [symbol, date], row }];
  },
};

/** The newest price of each symbol: what positions are valued with. */
const lastPrices: Projection<PricesEvent> = {
  name: 'last_prices',
  version: 1,
  columns: {
    symbol: 'text',
    price: 'decimal',
    date: 'date',
    marked_at: 'instant',
    source: 'text',
    updated_at: 'instant',
  },
  key: ['symbol'],
  indexes: [],
  types: ['DailyBarRecorded', 'PriceMarked'],
  project: (recorded) => {
    const row = lastPriceRow(recorded as PricesEvent, instantCell(recorded.recordedAt));
    // As in the prices decider: no price replaces one of a later date.
    const update = (known: Row | undefined): Row =>
      known !== undefined && String(known['date']) > row.date ? known : row;
    return [{ key: [row.symbol], update }];
  },
};

function lastPriceRow(event: PricesEvent, updated_at: string) {
  const { symbol, date, source } = event.data;
  switch (event.type) {
    case 'DailyBarRecorded':
      return {
        symbol,
        price: Price.format(event.data.close),
        date,
        marked_at: null,
        source,
        updated_at,
      };
    case 'PriceMarked': {
      const marked_at = instantCell(event.data.markedAt);
      return { symbol, price: Price.format(event.data.price), date, marked_at, source, updated_at };
    }
  }
}

export const instrumentProjections = [instruments, closingPrices, lastPrices];
