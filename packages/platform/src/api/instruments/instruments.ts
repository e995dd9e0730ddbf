import type { FastifyInstance } from 'fastify';
import { Type, type TSchema } from 'typebox';
import {
  AmendInstrumentRequest,
  InstrumentAnswer,
  ListInstrumentRequest,
  SymbolIn,
  TradingStatusIn,
  HaltTradingRequest,
  TradingStatusRequest,
} from '../../domain/instruments/contract.ts';
import type { InstrumentSymbol } from '../../domain/instruments/events.ts';
import type { InstrumentCommand } from '../../domain/instruments/instrument.ts';
import { CurrencyIn } from '../../domain/money/contract.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { findInstrument, listInstruments } from '../../queries/instruments.ts';
import type { InstrumentRow, ViewDatabase } from '../../queries/views.ts';
import type { RunCommand } from '../commands.ts';
import { Confirmation, confirmationOf } from '../confirmation.ts';
import type { ErrorCode } from '../errors.ts';
import { commandSchema, optional, querySchema, type Guarded } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { Refusal } from '../problem.ts';
import { MinPosition, type ReachPosition } from '../read-position.ts';
import { amendInstrumentFrom, haltTradingFrom, listInstrumentFrom } from './instructions.ts';

export interface InstrumentParts {
  readonly ledger: Pick<Ledger, 'instrument'>;
  readonly views: ViewDatabase;
  readonly run: RunCommand;
  readonly reach: ReachPosition;
}

const symbolParams = Type.Object({ symbol: SymbolIn });

const termErrors: readonly ErrorCode[] = [
  'LOT_SIZE_NOT_POSITIVE',
  'TICK_SIZE_NOT_POSITIVE',
  'ISIN_INVALID',
];

export function instrumentRoutes(api: FastifyInstance, parts: InstrumentParts): void {
  listingRoute(api, parts);
  changeRoutes(api, parts);
  readRoutes(api, parts);
}

function listingRoute(api: FastifyInstance, { ledger, run }: InstrumentParts): void {
  const schema = commandSchema({
    tag: 'Instruments',
    id: 'listInstrument',
    access: { resource: 'instruments', permission: 'CREATE' },
    summary: 'List an instrument, so that it can be traded',
    body: ListInstrumentRequest,
    answers: { 201: confirmationOf('InstrumentConfirmation', { symbol: Type.String() }) },
    errors: ['INSTRUMENT_ALREADY_LISTED', 'CURRENCY_UNKNOWN', ...termErrors],
  });
  api.post<{ Body: ListInstrumentRequest }>('/instruments', { schema }, (request, reply) => {
    const { symbol } = request.body;
    const command = listInstrumentFrom(request.body);
    return run(request, reply, {
      subject: symbol,
      success: { status: 201, location: `/api/v1/instruments/${symbol}`, names: { symbol } },
      handle: (options) => ledger.instrument(symbol, command, options),
    });
  });
}

interface ChangeRoute<Body> {
  readonly path: string;
  readonly id: string;
  readonly access: Guarded;
  readonly summary: string;
  readonly body: TSchema;
  readonly errors: readonly ErrorCode[];
  command(body: Body): InstrumentCommand;
}

function changeRoutes(api: FastifyInstance, parts: InstrumentParts): void {
  changeRoute<HaltTradingRequest>(api, parts, {
    path: 'halt',
    id: 'haltTrading',
    access: { resource: 'instruments', permission: 'UPDATE' },
    summary: 'Halt trading in an instrument',
    body: HaltTradingRequest,
    errors: [],
    command: haltTradingFrom,
  });
  changeRoute<TradingStatusRequest>(api, parts, {
    path: 'resume',
    id: 'resumeTrading',
    access: { resource: 'instruments', permission: 'UPDATE' },
    summary: 'Resume trading in a halted instrument',
    body: TradingStatusRequest,
    errors: [],
    command: ({ reason }) => ({ type: 'ResumeTrading', reason }),
  });
  changeRoute<TradingStatusRequest>(api, parts, {
    path: 'delist',
    id: 'delistInstrument',
    access: { resource: 'instruments', permission: 'CANCEL' },
    summary: 'Delist an instrument, for ever',
    body: TradingStatusRequest,
    errors: [],
    command: ({ reason }) => ({ type: 'DelistInstrument', reason }),
  });
  changeRoute<AmendInstrumentRequest>(api, parts, {
    path: 'amend',
    id: 'amendInstrument',
    access: { resource: 'instruments', permission: 'UPDATE' },
    summary: 'Change the terms of an instrument',
    body: AmendInstrumentRequest,
    errors: termErrors,
    command: amendInstrumentFrom,
  });
}

function changeRoute<Body>(
  api: FastifyInstance,
  { ledger, run }: InstrumentParts,
  { path, command, errors, ...operation }: ChangeRoute<Body>,
): void {
  const schema = commandSchema({
    ...operation,
    tag: 'Instruments',
    params: symbolParams,
    answers: { 200: Confirmation },
    errors: ['INSTRUMENT_UNKNOWN', 'INSTRUMENT_DELISTED', ...errors],
  });
  api.post<{ Params: { readonly symbol: InstrumentSymbol }; Body: Body }>(
    `/instruments/:symbol/${path}`,
    { schema },
    (request, reply) => {
      const { symbol } = request.params;
      return run(request, reply, {
        subject: symbol,
        success: { status: 200, names: {} },
        handle: (options) => ledger.instrument(symbol, command(request.body as Body), options),
      });
    },
  );
}

interface ListQuery extends PageQuery {
  readonly status?: string;
  readonly currency?: string;
  readonly minPosition?: number;
}

function readRoutes(api: FastifyInstance, { views, reach }: InstrumentParts): void {
  const listSchema = querySchema({
    tag: 'Instruments',
    id: 'listInstruments',
    access: { resource: 'instruments', permission: 'READ' },
    summary: 'List instruments in order of their symbols',
    query: {
      status: optional(TradingStatusIn),
      currency: optional(CurrencyIn),
      minPosition: MinPosition,
      ...pageQuery,
    },
    answers: { 200: pageOf('InstrumentPage', InstrumentAnswer) },
    errors: [],
  });
  api.get<{ Querystring: ListQuery }>(
    '/instruments',
    { schema: listSchema },
    async ({ query }, reply) => {
      const { after, limit } = pageRequestOf(query, ['symbol']);
      await reach(reply, query.minPosition);
      const rows = await listInstruments(views, query, after, limit + 1);
      return pageFrom(rows, limit, instrumentAnswer, ({ symbol }) => [symbol]);
    },
  );
  const oneSchema = querySchema({
    tag: 'Instruments',
    id: 'getInstrument',
    access: { resource: 'instruments', permission: 'READ' },
    summary: 'Show an instrument',
    params: symbolParams,
    query: { minPosition: MinPosition },
    answers: { 200: InstrumentAnswer },
    errors: ['INSTRUMENT_UNKNOWN'],
  });
  api.get<{
    Params: { readonly symbol: string };
    Querystring: { readonly minPosition?: number };
  }>('/instruments/:symbol', { schema: oneSchema }, async ({ params, query }, reply) => {
    await reach(reply, query.minPosition);
    const row = await findInstrument(views, params.symbol);
    if (row !== undefined) return instrumentAnswer(row);
    throw new Refusal('INSTRUMENT_UNKNOWN', `There is no instrument ${params.symbol}.`);
  });
}

function instrumentAnswer(row: InstrumentRow): InstrumentAnswer {
  return {
    symbol: row.symbol,
    name: row.name,
    currency: row.currency,
    lotSize: row.lot_size,
    tickSize: row.tick_size,
    isin: row.isin,
    status: row.status,
    statusReason: row.status_reason,
    haltCode: row.halt_code,
    updatedAt: row.updated_at,
  };
}
