import type { EventStore } from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import type { ActionsBook } from '../ledger/actions-book.ts';
import { entitlementsOf, holdersOf, totalsOf } from '../queries/entitlements.ts';
import { ReadModelsUnavailable } from '../queries/failure.ts';
import type { ViewDatabase } from '../queries/views.ts';
import type { Holders } from './processor.ts';

export interface HoldersParts {
  readonly store: Pick<EventStore, 'head'>;
  readonly views: ViewDatabase;
  readonly actions: Pick<ActionsBook, 'find'>;
  /** How to wait for the views. */
  readonly projector: { waitFor(position: number, timeoutMs: number): Promise<boolean> };
}

const reachMsMax = 60_000;

/** Who holds what, as the views have it. */
export function createHolders({ store, views, actions, projector }: HoldersParts): Holders {
  const reach = async (position: number): Promise<void> => {
    if (await projector.waitFor(position, reachMsMax)) return;
    // Holders that are not listed yet would be left out.
    throw new ReadModelsUnavailable(`the read models have not come to position ${position}`);
  };
  return {
    reach,
    list: (symbol, after, limit) => holdersOf(views, symbol, after, limit),
    posted: async (id, version, accounts) => {
      await reach((await store.head()).position);
      const action = actions.find(id);
      const received = action?.underWay?.terms.otherSymbol ?? action?.head.symbol;
      const rows = await entitlementsOf(views, id, version, accounts);
      return totalsOf(rows, received as InstrumentSymbol);
    },
  };
}
