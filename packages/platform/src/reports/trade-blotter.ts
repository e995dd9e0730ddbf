import type { TradeRow } from '../queries/views.ts';
import type { ReportDefinition, ReportRow } from './report.ts';
import { countTraded, traded, type TradedParts } from './traded.ts';

/** Every trade that was asked for: booked, since cancelled, or refused (RC-08). */
export function tradeBlotter(parts: TradedParts): ReportDefinition {
  return {
    name: 'trade-blotter',
    title: 'Trade blotter',
    columns: [
      { name: 'position', kind: 'integer', width: 1.5 },
      { name: 'recorded_at', kind: 'instant', width: 4.2 },
      { name: 'account_id', kind: 'text', width: 2 },
      { name: 'trade_id', kind: 'text', width: 2.6 },
      { name: 'trade_date', kind: 'date', width: 1.9 },
      { name: 'settlement_date', kind: 'date', width: 1.9 },
      { name: 'symbol', kind: 'text', width: 1.5 },
      { name: 'side', kind: 'text', width: 0.9 },
      { name: 'quantity', kind: 'decimal', unit: 'shares', width: 1.7 },
      { name: 'price', kind: 'decimal', unit: 'currency', width: 1.8 },
      { name: 'fees', kind: 'decimal', unit: 'currency', width: 1.3 },
      { name: 'amount', kind: 'decimal', unit: 'currency', width: 2.4 },
      { name: 'realized_pnl', kind: 'decimal', unit: 'currency', width: 2.1 },
      { name: 'currency', kind: 'text', width: 1.4 },
      { name: 'status', kind: 'text', width: 2.3 },
      { name: 'reason', kind: 'text', width: 2.5 },
      { name: 'replaces', kind: 'text', width: 0 },
    ],
    totalsBy: ['currency', 'status'],
    sums: ['fees', 'amount', 'realized_pnl'],
    cites: 'position',
    size: (parameters, scope, limit) => countTraded(parts, parameters, scope, limit),
    pages: async function* (parameters, scope) {
      for await (const page of traded(parts, parameters, scope)) yield page.map(blotterRow);
    },
  };
}

function blotterRow(trade: TradeRow): ReportRow {
  return { ...trade, reason: trade.cancel_reason ?? trade.refusal_code };
}
