import type { EventStore, StreamId } from '@counterfoil/event-store';
import type { Rejection } from '../../api/errors.ts';
import { accountStream, type AccountId, type TradeId } from '../../domain/accounts/events.ts';
import { instrumentStream, type InstrumentSymbol } from '../../domain/instruments/events.ts';
import { tradeIdKey } from '../../ledger/trade-ids.ts';

export type Origins = Pick<EventStore, 'findClaim' | 'readAll' | 'readStream'>;

export type AlreadyThere = Extract<
  Rejection,
  { readonly code: 'ACCOUNT_ALREADY_OPEN' | 'INSTRUMENT_ALREADY_LISTED' | 'TRADE_ALREADY_BOOKED' }
>;

/** Whether a line was refused because what it would make exists. */
export function isAlreadyThere(rejection: Rejection): rejection is AlreadyThere {
  return (
    rejection.code === 'ACCOUNT_ALREADY_OPEN' ||
    rejection.code === 'INSTRUMENT_ALREADY_LISTED' ||
    rejection.code === 'TRADE_ALREADY_BOOKED'
  );
}

/** The causation id of the event that made what exists already. */
export async function originOf(
  rejection: AlreadyThere,
  subject: string,
  store: Origins,
): Promise<string | null> {
  switch (rejection.code) {
    case 'ACCOUNT_ALREADY_OPEN':
      return causeOfFirst(accountStream(subject as AccountId), store);
    case 'INSTRUMENT_ALREADY_LISTED':
      return causeOfFirst(instrumentStream(subject as InstrumentSymbol), store);
    case 'TRADE_ALREADY_BOOKED':
      return originOfTrade(subject, rejection.tradeId, store);
  }
}

/** The causation id of the events that booked a trade; null when there are none. */
export async function originOfTrade(
  accountId: string,
  tradeId: TradeId,
  store: Origins,
): Promise<string | null> {
  const claim = await store.findClaim(tradeIdKey(accountId as AccountId, tradeId));
  if (claim === undefined) return null;
  const { events } = await store.readAll({ after: claim.position - 1, limit: 1 });
  return events[0]?.metadata.causationId ?? null;
}

async function causeOfFirst(stream: StreamId, store: Origins): Promise<string | null> {
  const [first] = await store.readStream(stream, { limit: 1 });
  return first?.metadata.causationId ?? null;
}
