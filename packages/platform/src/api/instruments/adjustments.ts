import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { AdjustmentAnswer, SymbolIn } from '../../domain/instruments/contract.ts';
import type { InstrumentSymbol } from '../../domain/instruments/events.ts';
import type { ActionsBook } from '../../ledger/actions-book.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { priceHistoryOf } from '../../ledger/price-history.ts';
import { listSteps, type StepRow } from '../../queries/adjusted-prices.ts';
import { querySchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { Refusal } from '../problem.ts';
import { MinPosition, type Projected, type ReachPosition } from '../read-position.ts';

export interface HistoryParts {
  readonly ledger: Pick<Ledger, 'market'>;
  readonly actions: ActionsBook;
  readonly projected: Pick<Projected, 'position'>;
  readonly reach: ReachPosition;
}

/** Reads how an instrument's prices hang together, from no earlier a position than the read models are at. */
export function historyReader({ ledger: { market }, actions, projected }: HistoryParts) {
  return async (symbol: InstrumentSymbol): Promise<ReturnType<typeof priceHistoryOf>> => {
    const position = projected.position();
    await Promise.all([actions.reach(position), market.reach(position)]);
    return priceHistoryOf(symbol, actions, market);
  };
}

interface Query extends PageQuery {
  readonly minPosition?: number;
}

/** What the corporate actions of an instrument do to the prices before them. */
export function adjustmentsRoute(api: FastifyInstance, parts: HistoryParts): void {
  const { ledger, reach } = parts;
  const readHistory = historyReader(parts);
  const schema = querySchema({
    tag: 'Prices',
    id: 'listAdjustments',
    access: { resource: 'prices', permission: 'READ' },
    summary: 'List by what the prices of an instrument are adjusted, the earliest ex-date first',
    params: Type.Object({ symbol: SymbolIn }),
    query: { minPosition: MinPosition, ...pageQuery },
    answers: { 200: pageOf('AdjustmentPage', AdjustmentAnswer) },
    errors: ['INSTRUMENT_UNKNOWN'],
  });
  api.get<{ Params: { readonly symbol: InstrumentSymbol }; Querystring: Query }>(
    '/instruments/:symbol/adjustments',
    { schema },
    async ({ params: { symbol }, query }, reply) => {
      const { after, limit } = pageRequestOf(query, ['exDate', 0, 'actionId']);
      await reach(reply, query.minPosition);
      const history = await readHistory(symbol);
      if (ledger.market.instrument(symbol) === undefined) {
        throw new Refusal('INSTRUMENT_UNKNOWN', `There is no instrument ${symbol}.`);
      }
      const rows = listSteps(history, after, limit + 1);
      return pageFrom(rows, limit, adjustmentOf, ({ key }) => key);
    },
  );
}

const adjustmentOf = ({ cells }: StepRow): AdjustmentAnswer => cells;
