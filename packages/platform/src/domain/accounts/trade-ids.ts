import type { TradeTerms } from './commands.ts';
import type { TradeId } from './events.ts';

// A trade id names one trade of its account for ever. Those that clients bring are claimed as they are
// booked; those that are made here have a form of their own, and need no claim unless a client brings one.

const prefix = 'CF-';
const form = /^CF-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A trade id made of a random UUID (version 4), of which it keeps 90 random bits. */
export function madeTradeId(uuid: string): TradeId {
  return `${prefix}${uuid.slice(9)}` as TradeId;
}

/**
 * Whether the id was brought by a client and has the form of those made here: a trade that left no claim on
 * it may be booked under it.
 */
export function isOfMadeForm({ tradeId, freshTradeId }: TradeTerms): boolean {
  return freshTradeId !== true && tradeId.startsWith(prefix) && form.test(tradeId);
}
