import { fold } from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import { currency } from '../money/currency.ts';
import { Price, Quantity } from '../money/money.ts';
import { parseInstrumentSymbol, type InstrumentEvent, type InstrumentSymbol } from './events.ts';
import { instrumentDecider, type InstrumentCommand, type ListInstrument } from './instrument.ts';

const list: ListInstrument = {
  type: 'ListInstrument',
  symbol: 'AAPL' as InstrumentSymbol,
  name: 'Apple Inc.',
  currency: 'USD',
  lotSize: Quantity.of('1'),
  tickSize: Price.of('0.01'),
  isin: 'US0378331005',
};
const halt: InstrumentCommand = { type: 'HaltTrading', reason: 'news pending', haltCode: 'T1' };
const resume: InstrumentCommand = { type: 'ResumeTrading', reason: 'news out' };
const delist: InstrumentCommand = { type: 'DelistInstrument', reason: 'merged' };
const amend = (terms: object): InstrumentCommand => ({
  type: 'AmendInstrument',
  reason: 'new terms',
  ...terms,
});

function given(...commands: readonly InstrumentCommand[]): readonly InstrumentEvent[] {
  const events: InstrumentEvent[] = [];
  for (const command of commands) events.push(...when(events, command).events);
  return events;
}

function when(events: readonly InstrumentEvent[], command: InstrumentCommand) {
  return instrumentDecider.decide(command, fold(instrumentDecider, events));
}

describe('LG-08 an instrument is listed, halted, resumed, delisted', () => {
  it.each([
    { commands: [list], status: 'TRADING', statusReason: null, haltCode: null },
    { commands: [list, halt], status: 'HALTED', statusReason: 'news pending', haltCode: 'T1' },
    { commands: [list, halt, resume], status: 'TRADING', statusReason: null, haltCode: null },
    { commands: [list, delist], status: 'DELISTED', statusReason: 'merged', haltCode: null },
    { commands: [list, halt, delist], status: 'DELISTED', statusReason: 'merged', haltCode: null },
  ])(
    'after $commands.length commands it is $status',
    ({ commands, status, statusReason, haltCode }) => {
      expect(fold(instrumentDecider, given(...commands))).toEqual({
        symbol: 'AAPL',
        name: 'Apple Inc.',
        currency: currency('USD'),
        lotSize: Quantity.of('1'),
        tickSize: Price.of('0.01'),
        isin: 'US0378331005',
        status,
        statusReason,
        haltCode,
      });
    },
  );

  it('changes the terms that are amended, and keeps the others', () => {
    const amended = fold(
      instrumentDecider,
      given(list, halt, amend({ lotSize: Quantity.of('0.001'), isin: null })),
    );
    expect(amended).toMatchObject({
      name: 'Apple Inc.',
      lotSize: Quantity.of('0.001'),
      tickSize: Price.of('0.01'),
      isin: null,
      status: 'HALTED',
    });
  });

  it.each<[string, readonly InstrumentCommand[], InstrumentCommand]>([
    ['halted', [list, halt], halt],
    ['trading', [list], resume],
    ['delisted', [list, delist], delist],
    ['of such terms', [list], amend({ name: 'Apple Inc.' })],
  ])('is already %s', (_, before, command) => {
    expect(when(given(...before), command)).toEqual({ events: [], rejection: undefined });
  });

  it.each<[string, readonly InstrumentCommand[], InstrumentCommand, object]>([
    ['to halt what is not listed', [], halt, { code: 'INSTRUMENT_UNKNOWN' }],
    ['to list it twice', [list], list, { code: 'INSTRUMENT_ALREADY_LISTED', symbol: 'AAPL' }],
    [
      'to list again what was delisted',
      [list, delist],
      list,
      { code: 'INSTRUMENT_ALREADY_LISTED', symbol: 'AAPL' },
    ],
    [
      'to resume what was delisted',
      [list, delist],
      resume,
      { code: 'INSTRUMENT_DELISTED', symbol: 'AAPL' },
    ],
    [
      'an unknown currency',
      [],
      { ...list, currency: 'BTC' },
      { code: 'CURRENCY_UNKNOWN', currency: 'BTC' },
    ],
    ['lots of nothing', [], { ...list, lotSize: Quantity.zero }, { code: 'LOT_SIZE_NOT_POSITIVE' }],
    [
      'ticks of nothing',
      [list],
      amend({ tickSize: Price.zero }),
      { code: 'TICK_SIZE_NOT_POSITIVE' },
    ],
    [
      'an ISIN with a wrong check digit',
      [],
      { ...list, isin: 'US0378331006' },
      { code: 'ISIN_INVALID', isin: 'US0378331006' },
    ],
    ['an ISIN that is none', [], { ...list, isin: 'AAPL' }, { code: 'ISIN_INVALID', isin: 'AAPL' }],
  ])('refuses %s', (_, before, command, rejection) => {
    expect(when(given(...before), command)).toEqual({ events: [], rejection });
  });

  it.each(['US5949181045', 'GB0002634946', 'DE000BAY0017'])('takes the ISIN %s', (isin) => {
    expect(when([], { ...list, isin }).rejection).toBeUndefined();
  });
});

describe('LG-07 symbols', () => {
  it.each(['AAPL', 'BRK.B', 'BF-B', '7203', 'A'.repeat(16)])('takes %s', (text) => {
    expect(parseInstrumentSymbol(text)).toBe(text);
  });

  it.each(['', 'aapl', 'A'.repeat(17), 'BRK/B', 'A B', 'A\n'])('refuses %j', (text) => {
    expect(parseInstrumentSymbol(text)).toBeUndefined();
  });
});
