import type { CalendarDate } from '@counterfoil/event-store';
import type { AccountId, TradeId } from '../domain/accounts/events.ts';
import { Price, Quantity } from '../domain/money/money.ts';
import type { AccountInstruction } from '../ledger/instructions.ts';
import { cancelledTrade, correctedTrade, lateTrade } from './incidents.ts';
import { order, tradeIdOf, type PlannedCommand } from './plan.ts';
import { priceWithin, type PricesOfDays } from './prices-of-days.ts';

type BookTrade = Extract<AccountInstruction, { readonly type: 'BookTrade' }>;

export const lateTradeKey = `demo/${lateTrade.accountId}/late`;

/** What changes the past once all else is booked: a late trade, a cancellation, a correction. */
export function afterthoughts(
  plans: readonly (readonly PlannedCommand[])[],
  prices: PricesOfDays,
): readonly PlannedCommand[] {
  return [late(prices), cancellation(plans), correction(plans)];
}

function late(prices: PricesOfDays): PlannedCommand {
  const { accountId, symbol, date, quantity } = lateTrade;
  const day = prices.on(symbol, date);
  const price = day && priceWithin(day, 0.5);
  if (price === undefined) throw new Error(`there was no trading in ${symbol} on ${date}`);
  const tradeId = `${tradeIdOf(symbol, date)}-late` as TradeId;
  return {
    accountId: accountId as AccountId,
    key: lateTradeKey,
    instruction: order(tradeId, {
      date: date as CalendarDate,
      side: 'BUY',
      symbol,
      quantity: Quantity.of(quantity),
      price,
    }),
  };
}

function cancellation(plans: readonly (readonly PlannedCommand[])[]): PlannedCommand {
  const { accountId, reason } = cancelledTrade;
  const { tradeId } = purchaseBefore(cancelledTrade, plans);
  return {
    accountId: accountId as AccountId,
    key: `demo/${accountId}/cancel/${tradeId}`,
    instruction: { type: 'CancelTrade', tradeId, reason },
  };
}

function correction(plans: readonly (readonly PlannedCommand[])[]): PlannedCommand {
  const { accountId, reason } = correctedTrade;
  const { tradeId, side, quantity, price, fees, tradeDate } = purchaseBefore(correctedTrade, plans);
  return {
    accountId: accountId as AccountId,
    key: `demo/${accountId}/correct/${tradeId}`,
    instruction: {
      type: 'CorrectTrade',
      tradeId,
      replacement: {
        tradeId: `${tradeId}-corrected` as TradeId,
        side,
        quantity,
        price: Price.units(price - Price.of('0.10')),
        fees,
        tradeDate,
      },
      reason,
    },
  };
}

/** The last purchase of the account and symbol on or before the date. */
function purchaseBefore(
  which: { readonly accountId: string; readonly symbol: string; readonly date: string },
  plans: readonly (readonly PlannedCommand[])[],
): BookTrade {
  const found = plans
    .flat()
    .map(({ accountId, instruction }) => ({ accountId, instruction }))
    .findLast(
      ({ accountId, instruction }) =>
        accountId === which.accountId &&
        instruction.type === 'BookTrade' &&
        instruction.side === 'BUY' &&
        instruction.symbol === which.symbol &&
        instruction.tradeDate <= which.date,
    );
  if (found === undefined) throw new Error(`${which.accountId} bought no ${which.symbol} by then`);
  return found.instruction as BookTrade;
}
