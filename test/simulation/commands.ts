import { addDays, calendarDate } from '@counterfoil/event-store';
import { marketOf } from '../../packages/platform/src/domain/accounts/account.fixture.ts';
import type {
  ClientCommand,
  TradeTerms,
} from '../../packages/platform/src/domain/accounts/commands.ts';
import type { AccountId, TradeId } from '../../packages/platform/src/domain/accounts/events.ts';
import type { InstrumentSymbol } from '../../packages/platform/src/domain/instruments/events.ts';
import { Money, Price, Quantity } from '../../packages/platform/src/domain/money/money.ts';
import type { Random } from './random.ts';

export const openedOn = calendarDate('2026-11-01');
export const today = calendarDate('2026-11-20');

const market = marketOf({ today });
const symbols = ['AAPL', 'IBM'] as readonly string[] as readonly InstrumentSymbol[];

/** A random command, in whole shares and cents so that its effect can be reckoned by hand. */
export function randomCommand(
  random: Random,
  id: AccountId,
  sequence: string,
  tradeIds: readonly TradeId[],
): ClientCommand {
  const kind = random.next();
  const known = tradeIds.length === 0 ? ('none' as TradeId) : random.pick(tradeIds);
  if (kind < 0.6) {
    const tradeId = random.chance(0.05) ? known : (`T${sequence}` as TradeId);
    return { type: 'BookTrade', symbol: random.pick(symbols), market, ...terms(random, tradeId) };
  }
  if (kind < 0.66) return { type: 'CancelTrade', tradeId: known, reason: 'bust' };
  if (kind < 0.72) {
    const replacement = terms(random, `T${sequence}` as TradeId);
    return { type: 'CorrectTrade', tradeId: known, replacement, reason: 'misread', market };
  }
  if (kind < 0.94) {
    return {
      type: random.chance(0.7) ? 'Deposit' : 'Withdraw',
      amount: Money.of(String(random.between(1, 900))),
      effectiveDate: addDays(openedOn, random.below(20)),
      reference: sequence,
      market,
    };
  }
  if (kind < 0.97) return openAccount(id);
  if (kind < 0.98) return { type: 'SuspendAccount', reason: sequence };
  if (kind < 0.99) return { type: 'ReinstateAccount', reason: sequence };
  return { type: 'CloseAccount', closedOn: today, reason: sequence, market };
}

export function openAccount(accountId: AccountId): ClientCommand {
  return {
    type: 'OpenAccount',
    accountId,
    // No vault is simulated: what is sealed only has to come back as it was.
    ownerName: { sealedFor: () => Buffer.from(accountId) },
    ownerKind: 'INDIVIDUAL',
    currency: 'USD',
    initialBalance: Money.of('10000'),
    costMethod: accountId.endsWith('1') ? 'AVERAGE' : 'FIFO',
    shortSelling: accountId.endsWith('2'),
    openedOn,
    market,
  };
}

/** Most trades are of today; the others come late. */
function terms(random: Random, tradeId: TradeId): TradeTerms {
  return {
    tradeId,
    side: random.chance(0.65) ? 'BUY' : 'SELL',
    quantity: Quantity.of(String(random.between(1, 20))),
    price: Price.of(`${random.between(5, 40)}.${random.between(10, 99)}`),
    fees: Money.of(random.pick(['0', '0', '1'])),
    tradeDate: random.chance(0.6) ? today : addDays(today, -random.between(1, 18)),
  };
}
