import type { CalendarDate } from '@counterfoil/event-store';
import type { ActionId } from '../corporate-actions/events.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import type { CurrencyCode } from '../money/currency.ts';
import type { Money } from '../money/money.ts';
import type { AccountId, CostMethod, Election, OwnerKind } from './events.ts';
import type { Limits } from './limits.ts';
import type { Positions } from './positions.ts';
import type { UnsettledAmounts } from './settlement.ts';

/** Undefined before it was opened. The owner's name is no part of it: nothing is decided by that. */
export type AccountState = Account | undefined;

export interface Account {
  readonly accountId: AccountId;
  readonly ownerKind: OwnerKind;
  readonly currency: CurrencyCode;
  readonly costMethod: CostMethod;
  readonly shortSelling: boolean;
  readonly openedOn: CalendarDate;
  /** `OPEN` <-> `SUSPENDED`, either -> `CLOSED`, which is for ever. */
  readonly status: AccountStatus;
  readonly limits: Limits;
  /** By trade date: unsettled amounts included. */
  readonly cash: Money;
  readonly unsettled: UnsettledAmounts;
  /** Those that have become zero too. */
  readonly positions: Positions;
  /** Choices that were made and not yet posted. */
  readonly elections: readonly HolderElection[];
}

export interface HolderElection {
  readonly actionId: ActionId;
  /** Of the shares that entitle. */
  readonly symbol: InstrumentSymbol;
  readonly election: Election;
}

export type AccountStatus = 'OPEN' | 'SUSPENDED' | 'CLOSED';
