import type { CalendarDate, Sensitive } from '@counterfoil/event-store';
import type { ActionId, ActionTerms, ElectionOption } from '../corporate-actions/events.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import type { Money, Price, Quantity } from '../money/money.ts';
import type {
  AccountEvent,
  AccountId,
  CostMethod,
  EntitledAction,
  NamedLot,
  OwnerKind,
  Side,
  TradeId,
} from './events.ts';
import type { Limits } from './limits.ts';
import type { MarketView } from './market.ts';

export type AccountCommand = ClientCommand | EntitlementCommand;

/** What is asked for from outside. */
export type ClientCommand =
  | OpenAccount
  | Deposit
  | Withdraw
  | BookTrade
  | CancelTrade
  | CorrectTrade
  | MakeElection
  | SetLimits
  | SuspendAccount
  | ReinstateAccount
  | CloseAccount;

/** What corporate actions come to. */
export type EntitlementCommand = PostEntitlement | ReverseEntitlement;

export interface OpenAccount {
  readonly type: 'OpenAccount';
  readonly accountId: AccountId;
  /** Held under the key of the account's stream. */
  readonly ownerName: Sensitive;
  readonly ownerKind: OwnerKind;
  /** Any text: refused unless it is an active code of ISO 4217. */
  readonly currency: string;
  readonly initialBalance: Money;
  readonly costMethod: CostMethod;
  readonly shortSelling: boolean;
  /** From this business date on; not after today. */
  readonly openedOn: CalendarDate;
  readonly market: MarketView;
}

export interface Deposit {
  readonly type: 'Deposit';
  readonly amount: Money;
  readonly effectiveDate: CalendarDate;
  /** What the bank or the owner calls it. */
  readonly reference: string;
  readonly market: MarketView;
}

export interface Withdraw {
  readonly type: 'Withdraw';
  readonly amount: Money;
  readonly effectiveDate: CalendarDate;
  readonly reference: string;
  readonly market: MarketView;
}

/** The terms of an execution. */
export interface TradeTerms {
  readonly tradeId: TradeId;
  /** True when the id was made for this very command: no other trade can have it. */
  readonly freshTradeId?: boolean | undefined;
  readonly side: Side;
  readonly quantity: Quantity;
  /** Per share, in the account's currency. */
  readonly price: Price;
  readonly fees: Money;
  /** Not after today. Before other trades of the symbol, the position is restated. */
  readonly tradeDate: CalendarDate;
  /** The lots to close; their quantities sum to the trade's. Without it the account's method chooses. */
  readonly lots?: readonly NamedLot[] | undefined;
}

export interface BookTrade extends TradeTerms {
  readonly type: 'BookTrade';
  readonly symbol: InstrumentSymbol;
  readonly market: MarketView;
  /** Every event of the account so far: see `accountDecider.history`. */
  readonly history?: readonly AccountEvent[] | undefined;
}

/** The trade never was: its postings are mirrored, and what came after it is restated. */
export interface CancelTrade {
  readonly type: 'CancelTrade';
  readonly tradeId: TradeId;
  readonly reason: string;
  readonly history?: readonly AccountEvent[] | undefined;
}

/** The trade was another: cancelled, and replaced at its place in the order of trades, in one step. */
export interface CorrectTrade {
  readonly type: 'CorrectTrade';
  readonly tradeId: TradeId;
  /** Of the same symbol, under a trade id of its own. */
  readonly replacement: TradeTerms;
  readonly reason: string;
  readonly market: MarketView;
  readonly history?: readonly AccountEvent[] | undefined;
}

/** What a corporate action gives: in one version, once. */
export interface PostEntitlement {
  readonly type: 'PostEntitlement';
  /** With the default choice where it leaves one; what the holder chose goes before it. */
  readonly action: EntitledAction;
  readonly settlementDate: (tradeDate: CalendarDate) => CalendarDate;
  readonly history?: readonly AccountEvent[] | undefined;
}

/** The action was cancelled, or put off: what it gave is taken back. */
export interface ReverseEntitlement {
  readonly type: 'ReverseEntitlement';
  readonly actionId: ActionId;
  /** Of the shares that entitled. */
  readonly symbol: InstrumentSymbol;
  readonly reason: string;
  /** Whether what the holder chose counts when the action is posted again; void when not given. */
  readonly choiceStands?: boolean | undefined;
  readonly history?: readonly AccountEvent[] | undefined;
}

/** A choice of a voluntary action, in place of an earlier one. */
export interface MakeElection {
  readonly type: 'MakeElection';
  readonly actionId: ActionId;
  /** Of the shares that entitle. */
  readonly symbol: InstrumentSymbol;
  readonly option: ElectionOption;
  /** Shares to be subscribed to or tendered; zero with NO_ACTION. */
  readonly quantity: Quantity;
  readonly terms: ActionTerms;
  /** The last date on which a choice is taken. */
  readonly deadline: CalendarDate;
  readonly market: MarketView;
}

export interface SetLimits {
  readonly type: 'SetLimits';
  /** Those left out stay as they are. */
  readonly limits: Partial<Limits>;
}

export interface SuspendAccount {
  readonly type: 'SuspendAccount';
  readonly reason: string;
}

export interface ReinstateAccount {
  readonly type: 'ReinstateAccount';
  readonly reason: string;
}

/** Only of an account that holds nothing. */
export interface CloseAccount {
  readonly type: 'CloseAccount';
  readonly closedOn: CalendarDate;
  readonly reason: string;
  readonly market: MarketView;
}
