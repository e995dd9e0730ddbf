import type { TradeTerms } from './commands.ts';
import type { TradeId } from './events.ts';

// A trade id names one trade of its account for ever. Those that clients bring are claimed as they are
// booked; those that are made here have a form of their own, and need no claim unless a client brings one.

const prefix = 'CF-';
// Crockford's base 32, which leaves out what is taken for another sign when it is read aloud or copied.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const form = new RegExp(`^${prefix}[${alphabet}]{18}$`);

/** So many random bytes make an id, with five bits of each. */
export const madeFromBytes = 18;

/** `CF-` and 18 signs: 90 random bits, within one account. */
export function madeTradeId(random: Uint8Array): TradeId {
  let id = prefix;
  for (let index = 0; index < madeFromBytes; index += 1) {
    id += alphabet.charAt((random[index] ?? 0) & 31);
  }
  return id as TradeId;
}

/**
 * Whether the id was brought by a client and has the form of those made here: a trade that left no claim on
 * it may be booked under it.
 */
export function isOfMadeForm({ tradeId, freshTradeId }: TradeTerms): boolean {
  return freshTradeId !== true && tradeId.startsWith(prefix) && form.test(tradeId);
}
