import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  CorrectTradeRequest,
  OrderRequest,
  ReasonRequest,
} from '../../domain/accounts/contract.ts';
import { confirmationOf } from '../confirmation.ts';
import type { ErrorCode } from '../errors.ts';
import { accountCommand, type CommandParts } from './command-route.ts';
import { bookTradeFrom, correctTradeFrom } from './instructions.ts';

const TradeConfirmation = confirmationOf('TradeConfirmation', { tradeId: Type.String() });

const tradeErrors: readonly ErrorCode[] = [
  'QUANTITY_NOT_POSITIVE',
  'PRICE_NOT_POSITIVE',
  'FEES_NEGATIVE',
  'AMOUNT_TOO_LARGE',
  'AMOUNT_TOO_PRECISE',
  'TRADE_DATE_IN_FUTURE',
  'TRADE_BEFORE_ACCOUNT_OPENED',
  'TRADE_ALREADY_BOOKED',
  'ACCOUNT_CLOSED',
  'ACCOUNT_SUSPENDED',
  'INSTRUMENT_UNKNOWN',
  'CURRENCY_MISMATCH',
  'INSTRUMENT_DELISTED',
  'INSTRUMENT_HALTED',
  'QUANTITY_NOT_IN_LOTS',
  'PRICE_OFF_TICK',
  'PRICE_OUTSIDE_COLLAR',
  'ORDER_NOTIONAL_EXCEEDED',
  'POSITION_LIMIT_EXCEEDED',
  'CONCENTRATION_EXCEEDED',
  'INSUFFICIENT_BUYING_POWER',
  'INSUFFICIENT_HOLDING',
  'OVERSELLS_LATER_TRADE',
  'LOTS_UNDER_AVERAGE_COST',
  'LOT_UNKNOWN',
  'LOT_QUANTITY_EXCEEDED',
  'LOT_QUANTITIES_UNEQUAL',
  'LOT_NAMED_BY_LATER_TRADE',
];

export function orderRoutes(api: FastifyInstance, parts: CommandParts): void {
  accountCommand<OrderRequest>(api, parts, {
    method: 'POST',
    path: '/orders',
    id: 'bookTrade',
    access: { resource: 'trades', permission: 'CREATE' },
    tag: 'Trades',
    summary: 'Buy or sell',
    description: 'A trade that breaks a risk check is refused, and the refusal is recorded.',
    body: OrderRequest,
    status: 201,
    confirmation: TradeConfirmation,
    errors: tradeErrors,
    instruct: (body, today) => {
      const instruction = bookTradeFrom(body, today);
      return { instruction, names: { tradeId: instruction.tradeId } };
    },
  });
  accountCommand<ReasonRequest>(api, parts, {
    method: 'POST',
    path: '/trades/:tradeId/cancel',
    id: 'cancelTrade',
    access: { resource: 'trades', permission: 'CANCEL' },
    tag: 'Trades',
    summary: 'Cancel a trade: its postings are mirrored, and what came after it is restated',
    body: ReasonRequest,
    status: 200,
    errors: [
      'TRADE_UNKNOWN',
      'TRADE_ALREADY_CANCELLED',
      'ACCOUNT_CLOSED',
      'INSUFFICIENT_BUYING_POWER',
      'OVERSELLS_LATER_TRADE',
      'LOT_NAMED_BY_LATER_TRADE',
    ],
    instruct: ({ reason }, _, tradeId) => ({
      instruction: { type: 'CancelTrade', tradeId, reason },
    }),
  });
  accountCommand<CorrectTradeRequest>(api, parts, {
    method: 'POST',
    path: '/trades/:tradeId/correct',
    id: 'correctTrade',
    access: { resource: 'trades', permission: 'UPDATE' },
    tag: 'Trades',
    summary: 'Replace a trade by another, at its place in the order of trades',
    body: CorrectTradeRequest,
    status: 200,
    confirmation: TradeConfirmation,
    errors: ['TRADE_UNKNOWN', 'TRADE_ALREADY_CANCELLED', ...tradeErrors],
    instruct: (body, today, corrected) => {
      const instruction = correctTradeFrom(body, corrected, today);
      return { instruction, names: { tradeId: instruction.replacement.tradeId } };
    },
  });
}
