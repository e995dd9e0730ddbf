import type { CalendarDate, Clock } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { DateIn } from '../../domain/calendar/contract.ts';
import {
  AdjustIn,
  CloseAnswer,
  CloseRequest,
  LastPriceAnswer,
  LastPriceRequest,
  SymbolIn,
} from '../../domain/instruments/contract.ts';
import type { InstrumentSymbol } from '../../domain/instruments/events.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { listAdjustedCloses } from '../../queries/adjusted-prices.ts';
import { findLastPrice, listCloses, type CloseFilter } from '../../queries/instruments.ts';
import type { CloseRow, LastPriceRow, ViewDatabase } from '../../queries/views.ts';
import type { RunCommand } from '../commands.ts';
import { Confirmation } from '../confirmation.ts';
import { commandSchema, optional, querySchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { Refusal } from '../problem.ts';
import { requireRange } from '../ranges.ts';
import { MinPosition } from '../read-position.ts';
import { adjustmentsRoute, historyReader, type HistoryParts } from './adjustments.ts';
import { markPriceFrom, recordCloseFrom } from './instructions.ts';

export interface PriceParts extends HistoryParts {
  readonly ledger: Pick<Ledger, 'prices' | 'market'>;
  readonly views: ViewDatabase;
  readonly clock: Clock;
  readonly run: RunCommand;
}

const symbolParams = Type.Object({ symbol: SymbolIn });

interface OneSymbol {
  readonly Params: { readonly symbol: InstrumentSymbol };
}

export function priceRoutes(api: FastifyInstance, parts: PriceParts): void {
  closeRoute(api, parts);
  markRoute(api, parts);
  lastPriceRoute(api, parts);
  closesRoute(api, parts);
  adjustmentsRoute(api, parts);
}

function closeRoute(api: FastifyInstance, { ledger, run }: PriceParts): void {
  const schema = commandSchema({
    tag: 'Prices',
    id: 'recordClose',
    access: { resource: 'prices', permission: 'CREATE' },
    summary: 'Record the raw prices of a trading day; a second record corrects the first',
    params: Type.Object({ symbol: SymbolIn, date: DateIn }),
    body: CloseRequest,
    answers: { 200: Confirmation },
    errors: [
      'INSTRUMENT_UNKNOWN',
      'PRICE_DATE_IN_FUTURE',
      'PRICE_NOT_POSITIVE',
      'VOLUME_NEGATIVE',
      'BAR_INCONSISTENT',
    ],
  });
  api.put<{
    Params: { readonly symbol: InstrumentSymbol; readonly date: CalendarDate };
    Body: CloseRequest;
  }>('/prices/:symbol/closes/:date', { schema }, (request, reply) => {
    const { symbol, date } = request.params;
    const instruction = recordCloseFrom(request.body, date);
    return run(request, reply, {
      subject: symbol,
      success: { status: 200, names: {} },
      handle: (options) => ledger.prices(symbol, instruction, options),
    });
  });
}

function markRoute(api: FastifyInstance, { ledger, clock, run }: PriceParts): void {
  const schema = commandSchema({
    tag: 'Prices',
    id: 'markLastPrice',
    access: { resource: 'prices', permission: 'CREATE' },
    summary: 'Mark the last price: positions are valued with it, and collars measured from it',
    params: symbolParams,
    body: LastPriceRequest,
    answers: { 200: Confirmation },
    errors: [
      'INSTRUMENT_UNKNOWN',
      'PRICE_DATE_IN_FUTURE',
      'PRICE_NOT_POSITIVE',
      'MARK_OUT_OF_ORDER',
    ],
  });
  api.put<OneSymbol & { Body: LastPriceRequest }>(
    '/prices/:symbol/last',
    { schema },
    (request, reply) => {
      const { symbol } = request.params;
      const instruction = markPriceFrom(request.body, clock);
      return run(request, reply, {
        subject: symbol,
        success: { status: 200, names: {} },
        handle: (options) => ledger.prices(symbol, instruction, options),
      });
    },
  );
}

function lastPriceRoute(api: FastifyInstance, { views, reach }: PriceParts): void {
  const schema = querySchema({
    tag: 'Prices',
    id: 'getLastPrice',
    access: { resource: 'prices', permission: 'READ' },
    summary: 'Show the last price of an instrument',
    params: symbolParams,
    query: { minPosition: MinPosition },
    answers: { 200: LastPriceAnswer },
    errors: ['PRICE_UNKNOWN'],
  });
  api.get<OneSymbol & { Querystring: { readonly minPosition?: number } }>(
    '/prices/:symbol/last',
    { schema },
    async ({ params: { symbol }, query }, reply) => {
      await reach(reply, query.minPosition);
      const row = await findLastPrice(views, symbol);
      if (row !== undefined) return lastPriceAnswer(row);
      throw new Refusal('PRICE_UNKNOWN', `${symbol} has no price.`);
    },
  );
}

interface CloseQuery extends Pick<CloseFilter, 'from' | 'to'>, PageQuery {
  readonly adjust?: 'none' | 'split' | 'all';
  readonly minPosition?: number;
}

const ClosePage = Type.Object(
  {
    adjust: Type.Enum(['none', 'split', 'all'], { description: 'As applied to the items' }),
    ...pageOf('ClosePage', CloseAnswer).properties,
  },
  { title: 'ClosePage' },
);

function closesRoute(api: FastifyInstance, parts: PriceParts): void {
  const { views, reach } = parts;
  const readHistory = historyReader(parts);
  const schema = querySchema({
    tag: 'Prices',
    id: 'listCloses',
    access: { resource: 'prices', permission: 'READ' },
    summary: 'List the daily prices of an instrument, raw or adjusted, the earliest first',
    params: symbolParams,
    query: {
      from: optional(DateIn),
      to: optional(DateIn, 'Included'),
      adjust: Type.Optional(AdjustIn),
      minPosition: MinPosition,
      ...pageQuery,
    },
    answers: { 200: ClosePage },
    errors: ['RANGE_INVALID'],
  });
  api.get<OneSymbol & { Querystring: CloseQuery }>(
    '/prices/:symbol/closes',
    { schema },
    async ({ params: { symbol }, query }, reply) => {
      requireRange(query);
      const { adjust = 'none' } = query;
      const { after, limit } = pageRequestOf(query, ['date']);
      await reach(reply, query.minPosition);
      const rows =
        adjust === 'none'
          ? await listCloses(views, symbol, query, after, limit + 1)
          : await listAdjustedCloses(
              views,
              await readHistory(symbol),
              adjust,
              query,
              after,
              limit + 1,
            );
      return { adjust, ...pageFrom(rows, limit, closeAnswer, ({ date }) => [date]) };
    },
  );
}

function closeAnswer({ recorded_at: recordedAt, ...row }: CloseRow): CloseAnswer {
  return { ...row, recordedAt };
}

function lastPriceAnswer(row: LastPriceRow): LastPriceAnswer {
  const { symbol, price, date, marked_at: markedAt, source, updated_at: updatedAt } = row;
  return { symbol, price, date, markedAt, source, updatedAt };
}
