import { accept, divide, refuse } from '@counterfoil/event-store';
import { amountOf } from '../../money/amounts.ts';
import { Money, Price, Quantity } from '../../money/money.ts';
import type { MakeElection, ReverseEntitlement } from '../commands.ts';
import type { AccountEvent } from '../events.ts';
import { positionOf } from '../positions.ts';
import { freeToSell } from '../risk.ts';
import type { Account } from '../state.ts';
import type { AccountDecision } from '../trading.ts';
import { withoutElection } from './posted.ts';

/**
 * A holder chooses. What is tendered is blocked from then on; the choice may be changed until the deadline,
 * and a later one replaces it whole.
 */
export function makeElection(command: MakeElection, account: Account): AccountDecision {
  const { actionId, symbol, option, quantity, deadline, market } = command;
  if (market.today > deadline) {
    return refuse({ code: 'ELECTION_CLOSED', deadline, today: market.today });
  }
  if (account.status === 'CLOSED') return refuse({ code: 'ACCOUNT_CLOSED' });
  if (account.status === 'SUSPENDED') return refuse({ code: 'ACCOUNT_SUSPENDED' });
  if (quantity < 0n || (quantity === 0n) !== (option === 'NO_ACTION')) {
    return refuse({ code: 'QUANTITY_NOT_POSITIVE', actual: Quantity.format(quantity) });
  }
  const limit = electable(command, account);
  if (quantity > limit) {
    const actual = Quantity.format(quantity);
    return refuse({ code: 'ELECTION_EXCEEDS_HOLDING', limit: Quantity.format(limit), actual });
  }
  const price =
    option === 'EXERCISE' ? (command.terms.subscriptionPrice ?? Price.zero) : Price.zero;
  const needed = amountOf(quantity, price, account.currency);
  if (needed > account.cash) {
    return refuse({
      code: 'INSUFFICIENT_BUYING_POWER',
      limit: Money.format(account.cash),
      actual: Money.format(needed),
    });
  }
  const known = account.elections.find((made) => made.actionId === actionId)?.election;
  return known?.option === option && known.quantity === quantity
    ? accept()
    : accept({ type: 'ElectionMade', data: { actionId, symbol, option, quantity } });
}

const oneShare = Quantity.of('1');

/** How much may be chosen: what is held and not tendered elsewhere, or the whole shares that are offered for it. */
function electable({ actionId, symbol, option, terms }: MakeElection, account: Account): Quantity {
  const held = positionOf(account.positions, symbol)?.quantity ?? Quantity.zero;
  const elections = withoutElection(account, actionId);
  const free = freeToSell(held, symbol, { ...account, elections });
  if (free <= 0n) return Quantity.zero;
  if (option !== 'EXERCISE') return free;
  const { ratioNew, ratioOld } = terms;
  if (ratioNew === null || ratioOld === null) return Quantity.zero;
  return Quantity.units(divide(held * ratioNew, ratioOld * oneShare, 'down') * oneShare);
}

/** What makes a choice stand again that was used up by a posting. A default was nobody's choice, and does not. */
export function choiceAgain(
  { actionId, history = [] }: Pick<ReverseEntitlement, 'actionId' | 'history'>,
  { elections }: Account,
): readonly AccountEvent[] {
  if (elections.some((made) => made.actionId === actionId)) return [];
  const last = history.findLast(
    ({ type, data }) =>
      (type === 'ElectionMade' || type === 'ElectionReleased') && data.actionId === actionId,
  );
  return last?.type === 'ElectionMade' ? [{ type: 'ElectionMade', data: last.data }] : [];
}

/** What sets a choice free that is void. */
export function releases(
  { actionId, symbol, reason }: Pick<ReverseEntitlement, 'actionId' | 'symbol' | 'reason'>,
  { elections }: Account,
): readonly AccountEvent[] {
  return elections.some((made) => made.actionId === actionId)
    ? [{ type: 'ElectionReleased', data: { actionId, symbol, reason } }]
    : [];
}
