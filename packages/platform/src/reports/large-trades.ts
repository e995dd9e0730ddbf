import { amountOf } from '../domain/money/amounts.ts';
import type { CurrencyCode } from '../domain/money/currency.ts';
import { Money, Price, Quantity } from '../domain/money/money.ts';
import type { TradeRow } from '../queries/views.ts';
import type { ReportDefinition, ReportRow } from './report.ts';
import { countTraded, traded, type TradedParts } from './traded.ts';

/**
 * Trades above a threshold (RC-08): quantity times price, in the currency of the account, which is that of
 * the instrument. Cancelled ones are among them, and say so.
 */
export function largeTrades(parts: TradedParts): ReportDefinition {
  return {
    name: 'large-trades',
    title: 'Large trades',
    columns: [
      { name: 'position', kind: 'integer', width: 1.5 },
      { name: 'recorded_at', kind: 'instant', width: 3.4 },
      { name: 'account_id', kind: 'text', width: 2.4 },
      { name: 'trade_id', kind: 'text', width: 3 },
      { name: 'trade_date', kind: 'date', width: 1.9 },
      { name: 'symbol', kind: 'text', width: 1.6 },
      { name: 'side', kind: 'text', width: 1 },
      { name: 'quantity', kind: 'decimal', unit: 'shares', width: 2 },
      { name: 'price', kind: 'decimal', unit: 'currency', width: 2 },
      { name: 'notional', kind: 'decimal', unit: 'currency', width: 2.6 },
      { name: 'currency', kind: 'text', width: 1.4 },
      { name: 'status', kind: 'text', width: 1.8 },
    ],
    totalsBy: ['currency', 'status'],
    sums: ['notional'],
    cites: 'position',
    size: (parameters, scope, limit) => countTraded(parts, parameters, scope, limit),
    pages: async function* (parameters, scope) {
      const { threshold = '0', currency } = parameters;
      const above = Money.of(threshold);
      for await (const page of traded(parts, parameters, scope)) {
        yield page
          .map((trade) => rowAbove(trade, above, currency))
          .filter((row) => row !== undefined);
      }
    },
  };
}

function rowAbove(
  trade: TradeRow,
  threshold: Money,
  currency: string | undefined,
): ReportRow | undefined {
  // What was refused never had a currency, and never was a trade.
  if (trade.currency === null || (currency !== undefined && trade.currency !== currency)) {
    return undefined;
  }
  const notional = amountOf(
    Quantity.of(trade.quantity),
    Price.of(trade.price),
    trade.currency as CurrencyCode,
  );
  return notional > threshold ? { ...trade, notional: Money.format(notional) } : undefined;
}
