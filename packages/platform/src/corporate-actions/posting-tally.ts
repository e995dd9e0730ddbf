import type { AccountId } from '../domain/accounts/events.ts';
import type { ActionTotals } from '../domain/corporate-actions/events.ts';
import type { EntitlementOutcome } from '../ledger/entitlements.ts';
import { added } from './totals.ts';

/** Counts what an action is posted to accounts for, page after page. */
export interface PostingTally {
  add(accounts: readonly AccountId[], outcomes: readonly EntitlementOutcome[]): void;
  /** The totals of all accounts so far. */
  totals(): Promise<ActionTotals>;
}

export interface PostingTallyParts {
  /** Of accounts that were passed before. */
  readonly from: ActionTotals;
  readonly counted: (totals: ActionTotals, outcome: EntitlementOutcome) => ActionTotals;
  /** What accounts have already, of those that had something posted. */
  readonly posted: (accounts: readonly AccountId[]) => Promise<ActionTotals>;
}

const atOnce = 500;

export function createPostingTally({ from, counted, posted }: PostingTallyParts): PostingTally {
  let totals = from;
  // They got nothing now: perhaps from an attempt before this one, or from a worker beside it.
  let passedBy: AccountId[] = [];
  return {
    add: (accounts, outcomes) => {
      for (const [place, account] of accounts.entries()) {
        const outcome = outcomes[place];
        if (outcome === undefined || outcome.events.length === 0) passedBy.push(account);
        else totals = counted(totals, outcome);
      }
    },
    totals: async () => {
      const looked = passedBy;
      passedBy = [];
      for (let place = 0; place < looked.length; place += atOnce) {
        totals = added(totals, await posted(looked.slice(place, place + atOnce)));
      }
      return totals;
    },
  };
}
