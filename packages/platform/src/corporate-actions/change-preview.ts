import { summed } from '../domain/accounts/entitlements/recorded-actions.ts';
import type { AccountEvent, AccountId, Movement } from '../domain/accounts/events.ts';
import type { AnnouncementChanges } from '../domain/corporate-actions/announcement.ts';
import type { AnnouncementRejection } from '../domain/corporate-actions/commands.ts';
import {
  corporateActionDecider,
  type CorporateAction,
} from '../domain/corporate-actions/corporate-action.ts';
import type { ActionId } from '../domain/corporate-actions/events.ts';
import { isPutOff, reasonToReverse } from '../domain/corporate-actions/put-off.ts';
import { Money, plus, Quantity } from '../domain/money/money.ts';
import type { EntitlementLedger } from '../ledger/entitlements.ts';
import type { MarketBook } from '../ledger/market-book.ts';
import {
  amountsOfPosted,
  amountsOfRow,
  movementTexts,
  type EntitlementAmounts,
} from '../queries/entitlement-facts.ts';
import { holdersOf } from '../queries/entitlements.ts';
import { entitlementsByAccount } from '../queries/holder-entitlements.ts';
import type { EntitlementRow, ViewDatabase } from '../queries/views.ts';
import { entitledAction } from './entitled-action.ts';
import {
  expectedHead,
  postedIn,
  type ExpectationParts,
  type ExpectedAction,
  type Pending,
} from './expected-entitlements.ts';
import { pageOfHolders, type HolderPage } from './holder-pages.ts';

// What would move if an action were amended, or cancelled: computed with the accounts as they are, and
// recorded nowhere.

export interface PreviewParts extends Pick<ExpectationParts, 'terms'> {
  readonly entitlements: Pick<EntitlementLedger, 'preview' | 'previewReversal'>;
  readonly market: Pick<MarketBook, 'calendar' | 'instrument' | 'today'>;
  readonly views: ViewDatabase;
}

/** A change that somebody thinks of. */
export type PlannedChange =
  | { readonly kind: 'cancel' }
  | {
      readonly kind: 'amend';
      readonly changes: AnnouncementChanges;
      readonly expectedVersion: number | undefined;
    };

/** What moves in one account. Decimals are text. */
export interface PreviewedAccount {
  readonly account: string;
  /** What is posted now, and what would be; null for nothing. */
  readonly before: EntitlementAmounts | null;
  readonly after: EntitlementAmounts | null;
  readonly difference: Difference;
  /** What other actions would then come to, as more or less shares were held. */
  readonly consequences: readonly (Difference & { readonly event_id: string })[];
}

type Difference = Pick<
  EntitlementAmounts,
  'gross' | 'tax' | 'cash_in_lieu' | 'fraction' | 'amount' | 'movements'
>;

export interface Preview extends HolderPage<PreviewedAccount> {
  readonly pending: Pending | undefined;
}

/** The accounts that a change would move something in, in order of their ids. */
export async function previewOf(
  id: ActionId,
  action: CorporateAction,
  change: PlannedChange,
  { after, limit }: { readonly after: AccountId | undefined; readonly limit: number },
  parts: PreviewParts,
): Promise<Preview | { readonly rejection: AnnouncementRejection }> {
  const planned = await plannedAction(id, action, change, parts);
  if ('rejection' in planned) return planned;
  const { eventsOf, pending } = planned;
  const { views } = parts;
  if (eventsOf === undefined) return { items: [], next: undefined, pending };
  const page = await pageOfHolders({
    after,
    limit,
    list: (behind, size) => holdersOf(views, action.head.symbol, behind, size),
    look: async (accounts) => {
      const rows = await entitlementsByAccount(views, id, accounts);
      const all = await Promise.all(accounts.map(eventsOf));
      return accounts.map((one, place) => previewed(id, one, rows.get(one), all[place] ?? []));
    },
  });
  return { ...page, pending };
}

type EventsOf = (account: AccountId) => Promise<readonly AccountEvent[]>;

interface Planned {
  /** What would be recorded in an account; undefined where nothing would be, or nothing is known. */
  readonly eventsOf: EventsOf | undefined;
  readonly pending: Pending | undefined;
}

async function plannedAction(
  id: ActionId,
  action: CorporateAction,
  change: PlannedChange,
  parts: PreviewParts,
): Promise<Planned | { readonly rejection: AnnouncementRejection }> {
  const { entitlements, market } = parts;
  const nothing = { eventsOf: undefined, pending: undefined };
  if (change.kind === 'cancel') {
    const reversal = { actionId: id, symbol: action.head.symbol, reason: 'preview' };
    const isHeld = action.posted !== undefined || action.underWay !== undefined;
    if (!isHeld) return nothing;
    const eventsOf: EventsOf = (account) => entitlements.previewReversal(account, reversal);
    return { eventsOf, pending: undefined };
  }
  const { events, rejection } = corporateActionDecider.decide(
    {
      type: 'AmendAction',
      changes: change.changes,
      expectedVersion: change.expectedVersion,
      reason: 'preview',
      market: {
        calendar: market.calendar,
        currencyOf: (symbol) => market.instrument(symbol)?.currency,
      },
    },
    action,
  );
  if (rejection !== undefined) return { rejection: rejection as AnnouncementRejection };
  const [amended] = events;
  if (amended?.type !== 'ActionAmended') return nothing;
  const after = corporateActionDecider.evolve(action, amended);
  if (after !== undefined && isPutOff(after, market.today())) {
    const reason = reasonToReverse(after);
    const reversal = { actionId: id, symbol: action.head.symbol, reason, choiceStands: true };
    return {
      eventsOf: (account) => entitlements.previewReversal(account, reversal),
      pending: { code: 'ACTION_NOT_DUE', detail: `it is taken back until it is due: ${reason}` },
    };
  }
  const { version, announcement } = amended.data;
  const head = { version, head: announcement, underWay: undefined };
  const { action: expected, pending } = await expectedHead(id, head, parts);
  const eventsOf = expected && amending(expected, entitlements);
  return { eventsOf, pending };
}

function amending(
  { id, version, announcement, terms }: ExpectedAction,
  entitlements: Pick<EntitlementLedger, 'preview'>,
): EventsOf {
  const entitled = entitledAction(id, version, announcement, terms);
  return (account) => entitlements.preview(account, entitled);
}

/** Undefined where nothing moves. */
function previewed(
  id: ActionId,
  account: AccountId,
  row: EntitlementRow | undefined,
  events: readonly AccountEvent[],
): PreviewedAccount | undefined {
  const sums = new Map<ActionId, Sums>();
  for (const event of events) {
    if (!isOfEntitlement(event)) continue;
    const { actionId } = event.data;
    sums.set(actionId, added(sums.get(actionId) ?? noSums, event.data));
  }
  const own = sums.get(id) ?? noSums;
  const others = [...sums].filter(([actionId, sum]) => actionId !== id && movesAnything(sum));
  if (!movesAnything(own) && others.length === 0) return undefined;
  const posted = postedIn(events, id);
  return {
    account,
    before: row === undefined || row.status === 'REVERSED' ? null : amountsOfRow(row),
    after: posted === undefined ? null : amountsOfPosted(posted),
    difference: differenceOf(own),
    consequences: others.map(([event_id, sum]) => ({ event_id, ...differenceOf(sum) })),
  };
}

type OfEntitlement = Extract<
  AccountEvent,
  {
    readonly type: 'EntitlementPosted' | 'EntitlementAdjusted' | 'EntitlementReversed';
  }
>;

function isOfEntitlement(event: AccountEvent): event is OfEntitlement {
  return (
    event.type === 'EntitlementPosted' ||
    event.type === 'EntitlementAdjusted' ||
    event.type === 'EntitlementReversed'
  );
}

interface Sums {
  readonly gross: Money;
  readonly tax: Money;
  readonly cashInLieu: Money;
  readonly fraction: Quantity;
  readonly amount: Money;
  readonly movements: readonly Movement[];
}

const noSums: Sums = {
  gross: Money.zero,
  tax: Money.zero,
  cashInLieu: Money.zero,
  fraction: Quantity.zero,
  amount: Money.zero,
  movements: [],
};

function added(left: Sums, right: Sums): Sums {
  return {
    gross: plus(left.gross, right.gross),
    tax: plus(left.tax, right.tax),
    cashInLieu: plus(left.cashInLieu, right.cashInLieu),
    fraction: plus(left.fraction, right.fraction),
    amount: plus(left.amount, right.amount),
    movements: summed(left.movements, right.movements),
  };
}

function movesAnything({ gross, tax, cashInLieu, fraction, amount, movements }: Sums): boolean {
  const all = [gross, tax, cashInLieu, fraction, amount];
  return movements.length > 0 || all.some((value) => value !== 0n);
}

function differenceOf({ gross, tax, cashInLieu, fraction, amount, movements }: Sums): Difference {
  return {
    gross: Money.format(gross),
    tax: Money.format(tax),
    cash_in_lieu: Money.format(cashInLieu),
    fraction: Quantity.format(fraction),
    amount: Money.format(amount),
    movements: movementTexts(movements),
  };
}
