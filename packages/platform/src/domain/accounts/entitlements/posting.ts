import { accept, type CalendarDate } from '@counterfoil/event-store';
import { Quantity } from '../../money/money.ts';
import type { EntitlementCommand, PostEntitlement, ReverseEntitlement } from '../commands.ts';
import { consequencesOf, isNothing, mirrorOf, type PastCause } from '../consequences.ts';
import type { AccountEvent, EntitledAction } from '../events.ts';
import { eligibleOf, movesOn, symbolsOf, type OrderedEntitlement } from '../in-order.ts';
import { nothingHeld } from '../ordered-position.ts';
import { positionOf } from '../positions.ts';
import { restate, symbolsOfActions } from '../restatement.ts';
import type { Account } from '../state.ts';
import { pastOfHistory, type AccountDecision } from '../trading.ts';
import { choiceAgain, releases } from './electing.ts';
import { entitle } from './entitlement.ts';
import { summed, type RecordedAction } from './recorded-actions.ts';

/**
 * Gives a holder what an action entitles to; in place of what an earlier version gave. Already so when this
 * version is posted, and when nothing was held. Never refused: who was entitled is, whatever became of the
 * account since.
 */
export function postEntitlement(command: PostEntitlement, account: Account): AccountDecision {
  const { actionId, actionVersion } = command.action;
  if (postedVersion(account, command.action) === actionVersion) return accept();
  if (!needsPast(command, account)) {
    return accept(...postInOrder(withElection(command.action, account, undefined), account));
  }
  const past = pastOfHistory(command.history);
  const before = past.actions.get(actionId);
  const action = withElection(command.action, account, before);
  const inOrder = restate(
    past,
    symbolsOfActions([before?.action, action]),
    { withoutAction: actionId, addedAction: action },
    account,
  );
  if ('problem' in inOrder) throw new Error('an action was refused for a trade');
  const entitlement = inOrder.entitlements.get(actionId);
  const events: AccountEvent[] = [];
  const reason = `version ${actionVersion} of ${actionId} was posted`;
  if (before !== undefined) events.push(reversed(before, reason));
  const posts = entitlement !== undefined && entitles(entitlement);
  if (posts) events.push(posted(action, entitlement, account, true));
  else events.push(...releases({ ...action, reason: nothingEligible }, account));
  const movements = summed(
    before === undefined ? [] : mirrorOf(before.posted).movements,
    posts ? entitlement.movements : [],
  );
  return accept(
    ...events,
    ...consequencesOf(
      account,
      past,
      inOrder,
      { movements, actions: [actionId], lotsOf: [] },
      causedBy(action, reason),
    ),
  );
}

/** Takes back what was posted for an action, and what followed from it. */
export function reverseEntitlement(command: ReverseEntitlement, account: Account): AccountDecision {
  const { actionId, symbol, reason, choiceStands = false } = command;
  const released = choiceStands ? [] : releases(command, account);
  if (!isPosted(account, symbol, actionId)) return accept(...released);
  const past = pastOfHistory(command.history);
  const before = past.actions.get(actionId);
  if (before === undefined) return accept(...released);
  const restored = choiceStands ? choiceAgain(command, account) : [];
  const { action } = before;
  const inOrder = restate(past, symbolsOf(action), { withoutAction: actionId }, account);
  if ('problem' in inOrder) throw new Error('an action was refused for a trade');
  const { movements } = mirrorOf(before.posted);
  return accept(
    reversed(before, reason),
    ...released,
    ...restored,
    ...consequencesOf(
      account,
      past,
      inOrder,
      { movements, actions: [actionId], lotsOf: [] },
      causedBy(action, reason),
    ),
  );
}

/** Whether the account's past is needed: something that counts later is posted already. */
export function needsPast(command: EntitlementCommand, account: Account): boolean {
  if (command.type === 'ReverseEntitlement') {
    return isPosted(account, command.symbol, command.actionId);
  }
  const { action, settlementDate } = command;
  const { actionVersion, exDate, recordDate } = action;
  const version = postedVersion(account, action);
  if (version !== undefined) return version !== actionVersion;
  const from = exDate < movesOn(action) ? exDate : movesOn(action);
  return symbolsOf(action).some((symbol) => {
    const position = positionOf(account.positions, symbol);
    if (position === undefined) return false;
    const { latestDate } = position;
    return latestDate >= from || (recordDate !== null && settlementDate(latestDate) > recordDate);
  });
}

function postInOrder(action: EntitledAction, account: Account): readonly AccountEvent[] {
  const held = positionOf(account.positions, action.symbol)?.quantity ?? Quantity.zero;
  const { positions: _, ...entitlement } = entitle(
    action,
    held,
    (symbol) => positionOf(account.positions, symbol) ?? nothingHeld,
    account,
  );
  const none = { pendingReceipts: Quantity.zero, pendingDeliveries: Quantity.zero };
  const ordered = { ...entitlement, settled: held, ...none };
  return entitles(ordered)
    ? [posted(action, ordered, account, false)]
    : releases({ ...action, reason: nothingEligible }, account);
}

/** Why a choice is void that was made by who turns out to be entitled to none. */
const nothingEligible = 'nothing was eligible';

function entitles(entitlement: OrderedEntitlement): boolean {
  return eligibleOf(entitlement) !== 0n || !isNothing(entitlement);
}

/** With the choice that the holder has made, now or of the version that was posted before, if there is one. */
function withElection(
  action: EntitledAction,
  { elections }: Account,
  before: RecordedAction | undefined,
): EntitledAction {
  if (action.election === null) return action;
  const made = elections.find(({ actionId }) => actionId === action.actionId);
  return { ...action, election: made?.election ?? before?.action.election ?? action.election };
}

function postedVersion(
  { positions }: Account,
  { actionId, symbol }: EntitledAction,
): number | undefined {
  const entitledTo = positionOf(positions, symbol)?.entitledTo;
  return entitledTo?.find((known) => known.actionId === actionId)?.actionVersion;
}

function isPosted(
  { positions }: Account,
  symbol: EntitledAction['symbol'],
  id: EntitledAction['actionId'],
): boolean {
  const entitledTo = positionOf(positions, symbol)?.entitledTo ?? [];
  return entitledTo.some(({ actionId }) => actionId === id);
}

function posted(
  action: EntitledAction,
  entitlement: OrderedEntitlement,
  { currency }: Account,
  lotsRestated: boolean,
): AccountEvent {
  return {
    type: 'EntitlementPosted',
    data: { ...action, ...entitlement, currency, lotsRestated },
  };
}

function reversed({ action, posted: before }: RecordedAction, reason: string): AccountEvent {
  const { actionId, actionVersion, symbol, effectiveDate, settlementDate } = action;
  return {
    type: 'EntitlementReversed',
    data: {
      actionId,
      actionVersion,
      symbol,
      effectiveDate,
      settlementDate,
      ...mirrorOf(before),
      reason,
    },
  };
}

function causedBy(action: EntitledAction, reason: string): PastCause {
  const effectiveFrom: CalendarDate = movesOn(action);
  return { effectiveFrom, causeTradeId: null, causeActionId: action.actionId, reason };
}
