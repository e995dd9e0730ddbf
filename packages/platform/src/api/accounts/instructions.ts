import { randomUUID } from 'node:crypto';
import type { CalendarDate } from '@counterfoil/event-store';
import type {
  CashMovementRequest,
  CloseAccountRequest,
  CorrectTradeRequest,
  LimitsRequest,
  OpenAccountRequest,
  OrderRequest,
} from '../../domain/accounts/contract.ts';
import type { AccountId, TradeId } from '../../domain/accounts/events.ts';
import { moneyOf, percentageOf, priceOf, quantityOf } from '../../domain/money/contract.ts';
import { Money } from '../../domain/money/money.ts';
import type { AccountInstruction } from '../../ledger/instructions.ts';
import { newTradeId } from '../../ledger/trade-ids.ts';

// From validated requests to instructions: defaults are filled in and decimals become integers.

type Instruction<Type extends AccountInstruction['type']> = Extract<
  AccountInstruction,
  { readonly type: Type }
>;

export function openAccountFrom(
  request: OpenAccountRequest,
  accountId: AccountId,
  today: CalendarDate,
): Instruction<'OpenAccount'> {
  const { initialBalance } = request;
  return {
    type: 'OpenAccount',
    accountId,
    ownerName: request.ownerName,
    ownerKind: request.ownerKind,
    currency: request.currency,
    initialBalance: initialBalance === undefined ? Money.zero : moneyOf(initialBalance),
    costMethod: request.costMethod ?? 'FIFO',
    shortSelling: request.shortSelling ?? false,
    openedOn: request.openedOn ?? today,
  };
}

export function newAccountId(): AccountId {
  return randomUUID() as AccountId;
}

export function cashMovementFrom<Type extends 'Deposit' | 'Withdraw'>(
  type: Type,
  request: CashMovementRequest,
  today: CalendarDate,
) {
  return {
    type,
    amount: moneyOf(request.amount),
    effectiveDate: request.effectiveDate ?? today,
    reference: request.reference ?? '',
  };
}

export function bookTradeFrom(
  request: OrderRequest,
  today: CalendarDate,
): Instruction<'BookTrade'> {
  return { type: 'BookTrade', symbol: request.symbol, ...tradeTermsFrom(request, today) };
}

export function correctTradeFrom(
  { replacement, reason }: CorrectTradeRequest,
  tradeId: TradeId,
  today: CalendarDate,
): Instruction<'CorrectTrade'> {
  return {
    type: 'CorrectTrade',
    tradeId,
    replacement: tradeTermsFrom(replacement, today),
    reason,
  };
}

function tradeTermsFrom(terms: Omit<OrderRequest, 'symbol'>, today: CalendarDate) {
  const { side, quantity, price, fees, tradeDate, lots } = terms;
  return {
    tradeId: terms.tradeId ?? newTradeId(),
    freshTradeId: terms.tradeId === undefined,
    side,
    quantity: quantityOf(quantity),
    price: priceOf(price),
    fees: fees === undefined ? Money.zero : moneyOf(fees),
    tradeDate: tradeDate ?? today,
    lots: lots?.map((lot) => ({ lotId: lot.lotId, quantity: quantityOf(lot.quantity) })),
  };
}

export function setLimitsFrom(request: LimitsRequest): Instruction<'SetLimits'> {
  const { priceCollarPercent, orderNotionalMax, positionQuantityMax, concentrationPercentMax } =
    request;
  return {
    type: 'SetLimits',
    limits: {
      ...(priceCollarPercent === undefined
        ? {}
        : { priceCollarPercent: percentageOf(priceCollarPercent) }),
      ...(orderNotionalMax === undefined ? {} : { orderNotionalMax: moneyOf(orderNotionalMax) }),
      ...(positionQuantityMax === undefined
        ? {}
        : { positionQuantityMax: quantityOf(positionQuantityMax) }),
      ...(concentrationPercentMax === undefined
        ? {}
        : { concentrationPercentMax: percentageOf(concentrationPercentMax) }),
    },
  };
}

export function closeAccountFrom(
  { reason, closedOn }: CloseAccountRequest,
  today: CalendarDate,
): Instruction<'CloseAccount'> {
  return { type: 'CloseAccount', reason, closedOn: closedOn ?? today };
}
