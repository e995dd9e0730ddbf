import { randomFillSync } from 'node:crypto';
import type { CommandResult, HandleOptions, OnceOptions } from '@counterfoil/event-store';
import type { ClientCommand, TradeTerms } from '../domain/accounts/commands.ts';
import type { AccountId, TradeId } from '../domain/accounts/events.ts';
import type { AccountRejection } from '../domain/accounts/rejections.ts';
import { madeFromBytes, madeTradeId } from '../domain/accounts/trade-ids.ts';
import type { AccountInstruction } from './instructions.ts';

// An account's state remembers its lots, not every trade there ever was. That a trade id which a client
// brings names one trade for ever is kept by a claim on it, in the transaction that books the trade.

/** An id that no other trade has, and that needs no claim. */
export function newTradeId(): TradeId {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += madeFromBytes;
  return madeTradeId(pool.subarray(used - madeFromBytes, used));
}

// Asking for random bytes costs more than making ids of them.
const pool = new Uint8Array(256 * madeFromBytes);
let used = pool.length;

/** The options with a claim on the trade id that the instruction brings, unless it was made for it. */
export function claimingTradeId(
  id: AccountId,
  instruction: AccountInstruction | ClientCommand,
  options: HandleOptions<AccountRejection>,
): HandleOptions<AccountRejection> {
  const trade = termsBooked(instruction);
  if (trade === undefined || trade.freshTradeId === true) return options;
  return { ...options, once: [...(options.once ?? []), claimOn(id, trade.tradeId)] };
}

/** The terms of the trade that an instruction books, if it books one. */
export function termsBooked(
  instruction: AccountInstruction | ClientCommand,
): TradeTerms | undefined {
  switch (instruction.type) {
    case 'BookTrade':
      return instruction;
    case 'CorrectTrade':
      return instruction.replacement;
    case 'MakeElection':
    case 'OpenAccount':
    case 'Deposit':
    case 'Withdraw':
    case 'CancelTrade':
    case 'SetLimits':
    case 'SuspendAccount':
    case 'ReinstateAccount':
    case 'CloseAccount':
      return undefined;
  }
}

const prefix = 'trade/';

/** The key of the claim on a trade id: the claim's position is that of the last event of its commit. */
export function tradeIdKey(id: AccountId, tradeId: TradeId): string {
  return `${prefix}${id}/${tradeId}`;
}

function claimOn(id: AccountId, tradeId: TradeId): OnceOptions<AccountRejection> {
  return {
    key: tradeIdKey(id, tradeId),
    expiresAt: undefined,
    // A refused trade leaves its id free: it may come again once the reason is gone.
    note: ({ rejection }) => (rejection === undefined ? new Uint8Array() : undefined),
  };
}

/** The result, where the trade id was taken, as the rejection that this is. */
export function explainingTakenTradeId(
  result: CommandResult<AccountRejection>,
): CommandResult<AccountRejection> {
  if (result.kind !== 'already-handled' || !result.held.key.startsWith(prefix)) return result;
  const tradeId = result.held.key.slice(result.held.key.lastIndexOf('/') + 1) as TradeId;
  return {
    kind: 'rejected',
    rejection: { code: 'TRADE_ALREADY_BOOKED', tradeId },
    eventIds: [],
    version: result.version,
    position: undefined,
    recordedAt: undefined,
  };
}
