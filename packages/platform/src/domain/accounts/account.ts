import { accept, refuse, type Aggregate } from '@counterfoil/event-store';
import { parseCurrency } from '../money/currency.ts';
import { Money } from '../money/money.ts';
import { amountFault, effectiveDateFault } from './command-faults.ts';
import type {
  AccountCommand,
  CloseAccount,
  Deposit,
  OpenAccount,
  SetLimits,
  Withdraw,
} from './commands.ts';
import { makeElection } from './entitlements/electing.ts';
import { needsPast, postEntitlement, reverseEntitlement } from './entitlements/posting.ts';
import type { AccountEvent } from './events.ts';
import { evolve } from './evolve.ts';
import { invalidLimit } from './limits.ts';
import { positionOf } from './positions.ts';
import type { AccountRejection } from './rejections.ts';
import { withdrawableCash } from './settlement.ts';
import { accountSnapshot, type PackedAccount } from './snapshot.ts';
import type { Account, AccountState } from './state.ts';
import { isOfMadeForm } from './trade-ids.ts';
import { bookTrade, cancelTrade, correctTrade, type AccountDecision } from './trading.ts';

/**
 * The account: cash, positions and the rules they move by. A trade dated before others of its symbol or
 * under an id that may have been made here before, a cancellation and a correction are decided with the
 * account's past, which the engine supplies.
 */
export const accountDecider: Aggregate<
  AccountCommand,
  AccountState,
  AccountEvent,
  AccountRejection,
  PackedAccount
> = {
  initial: undefined,
  decide,
  evolve,
  snapshot: accountSnapshot,
  history: { neededFor: needsHistory, supply: withHistory },
};

function needsHistory(command: AccountCommand, account: AccountState): boolean {
  if (account === undefined) return false;
  if (command.type === 'BookTrade') {
    if (isOfMadeForm(command)) return true;
    const position = positionOf(account.positions, command.symbol);
    return position !== undefined && command.tradeDate < position.latestDate;
  }
  if (command.type === 'PostEntitlement' || command.type === 'ReverseEntitlement') {
    return needsPast(command, account);
  }
  return command.type === 'CancelTrade' || command.type === 'CorrectTrade';
}

function withHistory(command: AccountCommand, history: readonly AccountEvent[]): AccountCommand {
  switch (command.type) {
    case 'BookTrade':
    case 'CancelTrade':
    case 'CorrectTrade':
    case 'PostEntitlement':
    case 'ReverseEntitlement':
      return { ...command, history };
    case 'MakeElection':
    case 'OpenAccount':
    case 'Deposit':
    case 'Withdraw':
    case 'SetLimits':
    case 'SuspendAccount':
    case 'ReinstateAccount':
    case 'CloseAccount':
      return command;
  }
}

function decide(command: AccountCommand, account: AccountState): AccountDecision {
  if (command.type === 'OpenAccount') return openAccount(command, account);
  if (account === undefined) return refuse({ code: 'ACCOUNT_UNKNOWN' });
  switch (command.type) {
    case 'BookTrade':
      return bookTrade(command, account);
    case 'CancelTrade':
      return cancelTrade(command, account);
    case 'CorrectTrade':
      return correctTrade(command, account);
    case 'PostEntitlement':
      return postEntitlement(command, account);
    case 'ReverseEntitlement':
      return reverseEntitlement(command, account);
    case 'MakeElection':
      return makeElection(command, account);
    case 'Deposit':
      return deposit(command, account);
    case 'Withdraw':
      return withdraw(command, account);
    case 'SetLimits':
      return setLimits(command, account);
    case 'SuspendAccount':
      return changeStatus(account, 'SUSPENDED', {
        type: 'AccountSuspended',
        data: { reason: command.reason },
      });
    case 'ReinstateAccount':
      return changeStatus(account, 'OPEN', {
        type: 'AccountReinstated',
        data: { reason: command.reason },
      });
    case 'CloseAccount':
      return closeAccount(command, account);
  }
}

function openAccount(command: OpenAccount, account: AccountState): AccountDecision {
  if (account !== undefined) return refuse({ code: 'ACCOUNT_ALREADY_OPEN' });
  const { accountId, ownerName, ownerKind, initialBalance, costMethod, shortSelling, openedOn } =
    command;
  const currency = parseCurrency(command.currency);
  if (currency === undefined) {
    return refuse({ code: 'CURRENCY_UNKNOWN', currency: command.currency });
  }
  if (initialBalance < 0n) {
    return refuse({ code: 'INITIAL_BALANCE_NEGATIVE', actual: Money.format(initialBalance) });
  }
  const fault =
    amountFault(initialBalance, currency) ?? effectiveDateFault(openedOn, command.market.today);
  if (fault !== undefined) return refuse(fault);
  return accept({
    type: 'AccountOpened',
    data: {
      accountId,
      ownerName,
      ownerKind,
      currency,
      initialBalance,
      costMethod,
      shortSelling,
      openedOn,
    },
  });
}

/** A suspended account still takes in money. */
function deposit(command: Deposit, account: Account): AccountDecision {
  const refused = refuseCash(command, account);
  if (refused !== undefined) return refused;
  if (account.status === 'CLOSED') return refuse({ code: 'ACCOUNT_CLOSED' });
  const { amount, effectiveDate, reference } = command;
  return accept({ type: 'CashDeposited', data: { amount, effectiveDate, reference } });
}

function withdraw(command: Withdraw, account: Account): AccountDecision {
  const refused = refuseCash(command, account);
  if (refused !== undefined) return refused;
  if (account.status === 'CLOSED') return refuse({ code: 'ACCOUNT_CLOSED' });
  if (account.status === 'SUSPENDED') return refuse({ code: 'ACCOUNT_SUSPENDED' });
  const { amount, effectiveDate, reference, market } = command;
  const available = withdrawableCash(account.cash, account.unsettled, market.today);
  if (amount > available) {
    return refuse({
      code: 'INSUFFICIENT_SETTLED_CASH',
      limit: Money.format(available),
      actual: Money.format(amount),
    });
  }
  return accept({ type: 'CashWithdrawn', data: { amount, effectiveDate, reference } });
}

function refuseCash(
  { amount, effectiveDate, market }: Deposit | Withdraw,
  { currency, openedOn }: Account,
): AccountDecision | undefined {
  if (amount <= 0n) return refuse({ code: 'AMOUNT_NOT_POSITIVE', actual: Money.format(amount) });
  const fault =
    amountFault(amount, currency) ?? effectiveDateFault(effectiveDate, market.today, openedOn);
  return fault && refuse(fault);
}

function setLimits(command: SetLimits, account: Account): AccountDecision {
  const limits = { ...account.limits, ...command.limits };
  const invalid = invalidLimit(limits);
  if (invalid !== undefined) return refuse({ code: 'LIMIT_INVALID', ...invalid });
  if (account.status === 'CLOSED') return refuse({ code: 'ACCOUNT_CLOSED' });
  const names = Object.keys(limits) as (keyof typeof limits)[];
  return names.every((name) => limits[name] === account.limits[name])
    ? accept()
    : accept({ type: 'LimitsSet', data: limits });
}

function changeStatus(
  { status }: Account,
  wanted: 'OPEN' | 'SUSPENDED',
  event: AccountEvent,
): AccountDecision {
  if (status === 'CLOSED') return refuse({ code: 'ACCOUNT_CLOSED' });
  return status === wanted ? accept() : accept(event);
}

function closeAccount(command: CloseAccount, account: Account): AccountDecision {
  const { closedOn, reason, market } = command;
  if (account.status === 'CLOSED') return accept();
  const fault = effectiveDateFault(closedOn, market.today, account.openedOn);
  if (fault !== undefined) return refuse(fault);
  const held = account.positions.filter(({ quantity }) => quantity !== 0n);
  if (held.length > 0 || account.cash !== 0n) {
    return refuse({
      code: 'ACCOUNT_NOT_EMPTY',
      cash: Money.format(account.cash),
      symbols: held.map(({ symbol }) => symbol),
    });
  }
  return accept({ type: 'AccountClosed', data: { closedOn, reason } });
}
