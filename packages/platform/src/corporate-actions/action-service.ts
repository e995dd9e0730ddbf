import type { Clock, EventStore } from '@counterfoil/event-store';
import { instantCell } from '../domain/calendar/instant-cell.ts';
import type { ActionId } from '../domain/corporate-actions/events.ts';
import type { ActionsBook } from '../ledger/actions-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { countOpenDeadLetters } from '../queries/corporate-actions-metrics.ts';
import { dueActions } from '../queries/corporate-actions.ts';
import {
  lateShares,
  lateTrades,
  voidElections as findVoidElections,
} from '../queries/entitlements.ts';
import type { ViewDatabase } from '../queries/views.ts';
import type { Breakers } from '../resilience/breakers.ts';
import type { Bus } from '../streams/bus.ts';
import type { ActionAsk } from './action-message.ts';
import { startActionQueue, type ActionQueue } from './action-queue.ts';
import { startDeadLetterWatch } from './dead-letter-watch.ts';
import { startDueActions } from './due-actions.ts';
import { createHolders } from './holders.ts';
import { startLateHoldings, type LateHoldings } from './late-holdings.ts';
import { createProcessor, type Processor } from './processor.ts';
import type { TermSources } from './resolved-terms.ts';
import type { SchemaRegistry } from './schema-registry.ts';
import { createTermSources, type PriceSource } from './term-sources.ts';
import { startVoidElections } from './void-elections.ts';

/** Corporate actions from the announcement on: asked for when they are due, and posted to the holders. */
export interface ActionService {
  /**
   * Asks for an action that was announced or changed, so that it need not wait until it is looked for. Never
   * rejects: what can't be asked for now is found when due actions are looked for.
   */
  announced(ask: ActionAsk): void;
  readonly queue: ActionQueue;
  readonly processor: Pick<Processor, 'passed'>;
  readonly lateHoldings: Pick<LateHoldings, 'look'>;
  /** What the terms of an action leave open. */
  readonly terms: (id: ActionId) => TermSources;
  /** Finishes what is under way. */
  close(): Promise<void>;
}

export interface ActionServiceParts {
  readonly bus: Bus;
  readonly partitions: number;
  readonly breakers: Breakers;
  readonly registry: SchemaRegistry;
  readonly store: EventStore;
  readonly ledger: Ledger;
  readonly actions: ActionsBook;
  readonly views: ViewDatabase;
  readonly clock: Clock;
  /** How much of the log the views reflect, and how to wait for them. */
  readonly projector: {
    position(): number;
    waitFor(position: number, timeoutMs: number): Promise<boolean>;
  };
  /** The log's own when not given. */
  readonly prices?: PriceSource | undefined;
  readonly onFailure: (failure: unknown) => void;
}

const stalledAfterNanoseconds = 30n * 1_000_000_000n;

export async function startActionService(parts: ActionServiceParts): Promise<ActionService> {
  const { bus, partitions, breakers, registry, store, ledger, actions, views } = parts;
  const { clock, projector, prices, onFailure } = parts;
  const { market, entitlements } = ledger;

  const head = async (): Promise<number> => (await store.head()).position;
  const holders = createHolders({ store, views, actions, projector });
  const terms = createTermSources({ breakers, market, entitlements, holders, head, prices });

  const processor = createProcessor({
    actions: ledger.corporateActions,
    entitlements,
    market,
    terms,
    holders,
    head,
  });

  const queue = await startActionQueue({
    bus,
    breakers,
    registry,
    partitions,
    process: ({ actionId }, { last }) => processor.process(actionId, { last }),
    onFailure,
  });

  const due = startDueActions({
    due: async (limit) => {
      const stalledSince = instantCell((clock() - stalledAfterNanoseconds) as never);
      const found = await dueActions(views, { today: market.today(), stalledSince }, limit);
      return found.map(({ id: actionId, symbol, version }) => ({ actionId, symbol, version }));
    },
    ask: queue.ask,
    nowMs: () => Number(clock() / 1_000_000n),
    onFailure,
  });

  const voidElections = startVoidElections({
    list: (limit) => findVoidElections(views, limit),
    entitlements,
    onFailure,
  });

  const lateHoldings = await startLateHoldings({
    store,
    actingOn: (symbol) => actions.actingOn(symbol, market.today()),
    entitlements,
    holdings: {
      position: projector.position,
      reach: actions.reach,
      trades: (after, limit) => lateTrades(views, market.today(), after, limit),
      shares: (after, limit) => lateShares(views, after, limit),
    },
    onFailure,
  });

  const deadLetters = startDeadLetterWatch({
    store,
    countOpen: () => countOpenDeadLetters(views),
    onFailure,
  });

  return {
    announced: (ask) => {
      queue.ask([ask]).then(() => due.asked(ask.actionId), onFailure);
    },
    queue,
    processor,
    lateHoldings,
    terms,
    close: async () => {
      await deadLetters.stop();
      await due.stop();
      await voidElections.stop();
      await lateHoldings.stop();
      await queue.close();
    },
  };
}
