import { accept, refuse, type Decider, type Decision } from '@counterfoil/event-store';
import { parseCurrency, type CurrencyCode } from '../money/currency.ts';
import type { Price, Quantity } from '../money/money.ts';
import type { InstrumentEvent, InstrumentSymbol, TradingStatus } from './events.ts';

/** An instrument that can be, or once could be, traded. */
export interface Instrument {
  readonly symbol: InstrumentSymbol;
  readonly name: string;
  readonly currency: CurrencyCode;
  readonly lotSize: Quantity;
  readonly tickSize: Price;
  /** ISO 6166, where it is known. */
  readonly isin: string | null;
  readonly status: TradingStatus;
  /** Why it is halted or delisted; null while it trades. */
  readonly statusReason: string | null;
  /** What the market calls the kind of halt; null while it is not halted, or where it was not told. */
  readonly haltCode: string | null;
}

/** Undefined before it was listed. */
export type InstrumentState = Instrument | undefined;

export type InstrumentCommand =
  | ListInstrument
  | AmendInstrument
  | HaltTrading
  | ResumeTrading
  | DelistInstrument;

export interface InstrumentTerms {
  readonly name: string;
  readonly lotSize: Quantity;
  readonly tickSize: Price;
  readonly isin: string | null;
}

export interface ListInstrument extends InstrumentTerms {
  readonly type: 'ListInstrument';
  readonly symbol: InstrumentSymbol;
  /** Any text: refused unless it is an active code of ISO 4217. */
  readonly currency: string;
}

export interface AmendInstrument extends Partial<InstrumentTerms> {
  readonly type: 'AmendInstrument';
  readonly reason: string;
}

export interface HaltTrading {
  readonly type: 'HaltTrading';
  readonly reason: string;
  /** The market's code for this kind of halt. */
  readonly haltCode: string | null;
}

export interface ResumeTrading {
  readonly type: 'ResumeTrading';
  readonly reason: string;
}

export interface DelistInstrument {
  readonly type: 'DelistInstrument';
  readonly reason: string;
}

/** Why a command is refused. The first that applies, in this order. */
export type InstrumentRejection =
  | { readonly code: 'INSTRUMENT_UNKNOWN' }
  | { readonly code: 'INSTRUMENT_ALREADY_LISTED'; readonly symbol: InstrumentSymbol }
  | { readonly code: 'INSTRUMENT_DELISTED'; readonly symbol: InstrumentSymbol }
  | { readonly code: 'CURRENCY_UNKNOWN'; readonly currency: string }
  | { readonly code: 'LOT_SIZE_NOT_POSITIVE' }
  | { readonly code: 'TICK_SIZE_NOT_POSITIVE' }
  | { readonly code: 'ISIN_INVALID'; readonly isin: string };

type InstrumentDecision = Decision<InstrumentEvent, InstrumentRejection>;

export const instrumentDecider: Decider<
  InstrumentCommand,
  InstrumentState,
  InstrumentEvent,
  InstrumentRejection
> = { initial: undefined, decide, evolve };

function decide(command: InstrumentCommand, state: InstrumentState): InstrumentDecision {
  if (command.type === 'ListInstrument') return listInstrument(command, state);
  if (state === undefined) return refuse({ code: 'INSTRUMENT_UNKNOWN' });
  if (state.status === 'DELISTED') {
    return command.type === 'DelistInstrument'
      ? accept()
      : refuse({ code: 'INSTRUMENT_DELISTED', symbol: state.symbol });
  }
  const { reason } = command;
  switch (command.type) {
    case 'AmendInstrument':
      return amendInstrument(command, state);
    case 'HaltTrading':
      return state.status === 'HALTED'
        ? accept()
        : accept({ type: 'TradingHalted', data: { reason, haltCode: command.haltCode } });
    case 'ResumeTrading':
      return state.status === 'TRADING'
        ? accept()
        : accept({ type: 'TradingResumed', data: { reason } });
    case 'DelistInstrument':
      return accept({ type: 'InstrumentDelisted', data: { reason } });
  }
}

function listInstrument(command: ListInstrument, state: InstrumentState): InstrumentDecision {
  const { symbol, name, lotSize, tickSize, isin } = command;
  if (state !== undefined) return refuse({ code: 'INSTRUMENT_ALREADY_LISTED', symbol });
  const currency = parseCurrency(command.currency);
  if (currency === undefined) {
    return refuse({ code: 'CURRENCY_UNKNOWN', currency: command.currency });
  }
  const invalid = invalidTerm(command);
  if (invalid !== undefined) return refuse(invalid);
  return accept({
    type: 'InstrumentListed',
    data: { symbol, currency, name, lotSize, tickSize, isin },
  });
}

function amendInstrument(command: AmendInstrument, state: Instrument): InstrumentDecision {
  const { name, lotSize, tickSize, isin } = state;
  const { type: _, reason, ...changed } = command;
  const terms: InstrumentTerms = { name, lotSize, tickSize, isin, ...changed };
  const invalid = invalidTerm(terms);
  if (invalid !== undefined) return refuse(invalid);
  const alreadySo =
    terms.name === name &&
    terms.lotSize === lotSize &&
    terms.tickSize === tickSize &&
    terms.isin === isin;
  return alreadySo ? accept() : accept({ type: 'InstrumentAmended', data: { ...terms, reason } });
}

function invalidTerm(terms: InstrumentTerms): InstrumentRejection | undefined {
  if (terms.lotSize <= 0n) return { code: 'LOT_SIZE_NOT_POSITIVE' };
  if (terms.tickSize <= 0n) return { code: 'TICK_SIZE_NOT_POSITIVE' };
  if (terms.isin !== null && !isIsin(terms.isin)) return { code: 'ISIN_INVALID', isin: terms.isin };
  return undefined;
}

/** ISO 6166: country, nine letters or digits, and the check digit of annex A (a Luhn sum, letters as 10 to 35). */
function isIsin(text: string): boolean {
  if (!/^[A-Z]{2}[A-Z0-9]{9}[0-9]$/.test(text)) return false;
  const digits = text.replaceAll(/[A-Z]/g, (letter) => String(parseInt(letter, 36)));
  let sum = 0;
  for (let place = 1; place <= digits.length; place += 1) {
    const digit = Number(digits[digits.length - place]) * (place % 2 === 0 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

const trading = { status: 'TRADING', statusReason: null, haltCode: null } as const;

function evolve(state: InstrumentState, event: InstrumentEvent): InstrumentState {
  if (event.type === 'InstrumentListed') {
    return { ...event.data, ...trading };
  }
  if (state === undefined) return undefined;
  switch (event.type) {
    case 'InstrumentAmended': {
      const { name, lotSize, tickSize, isin } = event.data;
      return { ...state, name, lotSize, tickSize, isin };
    }
    case 'TradingHalted':
      return {
        ...state,
        status: 'HALTED',
        statusReason: event.data.reason,
        haltCode: event.data.haltCode,
      };
    case 'TradingResumed':
      return { ...state, ...trading };
    case 'InstrumentDelisted':
      return {
        ...state,
        status: 'DELISTED',
        statusReason: event.data.reason,
        haltCode: null,
      };
  }
}
