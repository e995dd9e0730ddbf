import type { CalendarDate, Clock, CommandResult, HandleOptions } from '@counterfoil/event-store';
import { Type, type TProperties } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import {
  AccountIdIn,
  CashMovementRequest,
  CloseAccountRequest,
  CorrectTradeRequest,
  LimitsRequest,
  OpenAccountRequest,
  OrderRequest,
  ReasonRequest,
  TradeIdIn,
} from '../../domain/accounts/contract.ts';
import type { AccountId, TradeId } from '../../domain/accounts/events.ts';
import { DateIn } from '../../domain/calendar/contract.ts';
import {
  AmendInstrumentRequest,
  CloseRequest,
  LastPriceRequest,
  ListInstrumentRequest,
  SymbolIn,
  HaltTradingRequest,
  TradingStatusRequest,
} from '../../domain/instruments/contract.ts';
import type { InstrumentSymbol } from '../../domain/instruments/events.ts';
import type { InstrumentCommand } from '../../domain/instruments/instrument.ts';
import {
  mayLookBack,
  type AccountInstruction,
  type PricesInstruction,
} from '../../ledger/instructions.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { termsBooked } from '../../ledger/trade-ids.ts';
import {
  bookTradeFrom,
  cashMovementFrom,
  closeAccountFrom,
  correctTradeFrom,
  openAccountFrom,
  setLimitsFrom,
} from '../accounts/instructions.ts';
import type { Rejection } from '../errors.ts';
import {
  amendInstrumentFrom,
  haltTradingFrom,
  listInstrumentFrom,
  markPriceFrom,
  recordCloseFrom,
} from '../instruments/instructions.ts';
import type { Guarded } from '../operation.ts';

/** A validated line, made ready to run. */
export interface LineCommand {
  /** The account or symbol that it is for. */
  readonly subject: string;
  /** What it must wait for, and what must wait for it: see `phases.ts` and `lanes.ts`. */
  readonly phase: 'instruments' | 'prices' | 'accounts';
  /** Whether it may have to be decided with a look at the past. */
  readonly looksBack: boolean;
  /** The id of its trade, when the line did not say one. */
  readonly madeTradeId: TradeId | undefined;
  handle(options: HandleOptions<Rejection>): Promise<CommandResult<Rejection>>;
}

/** What every line may say beside its command. */
export interface LineEnvelope {
  readonly command: string;
  readonly idempotencyKey?: string;
  readonly expectedVersion?: number;
}

export interface LineKind {
  readonly validator: Validator;
  /** Whether it tells of a person: nothing is kept of a line then from which that could be guessed. */
  readonly isPersonal: boolean;
  /** Whoever may send a stream may not send every line: each has the rule of its route. */
  readonly access: Guarded;
  /** Makes a command of a line that the validator has passed. */
  prepare(line: never): LineCommand;
}

export interface LineParts {
  readonly ledger: Pick<Ledger, 'account' | 'instrument' | 'prices' | 'market'>;
  readonly clock: Clock;
}

const envelope = (command: string) => ({
  command: Type.Literal(command),
  idempotencyKey: Type.Optional(
    Type.String({
      pattern: '^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
      'x-expected': 'a UUID',
    }),
  ),
  expectedVersion: Type.Optional(Type.Integer({ minimum: 0 })),
});

const schemaOf = (command: string, properties: TProperties) =>
  Type.Object(
    { ...envelope(command), ...properties },
    { additionalProperties: false, title: `${command}Line` },
  );

const accountLine = { accountId: AccountIdIn };
const tradeLine = { accountId: AccountIdIn, tradeId: TradeIdIn };
const symbolLine = { symbol: SymbolIn };

/** One line contract for each command: the body of its route, and what the route has in its path. */
export const lineSchemas = {
  OpenAccount: schemaOf('OpenAccount', { ...OpenAccountRequest.properties, ...accountLine }),
  Deposit: schemaOf('Deposit', { ...accountLine, ...CashMovementRequest.properties }),
  Withdraw: schemaOf('Withdraw', { ...accountLine, ...CashMovementRequest.properties }),
  BookTrade: schemaOf('BookTrade', { ...accountLine, ...OrderRequest.properties }),
  CancelTrade: schemaOf('CancelTrade', { ...tradeLine, ...ReasonRequest.properties }),
  CorrectTrade: schemaOf('CorrectTrade', { ...tradeLine, ...CorrectTradeRequest.properties }),
  SetLimits: schemaOf('SetLimits', { ...accountLine, ...LimitsRequest.properties }),
  SuspendAccount: schemaOf('SuspendAccount', { ...accountLine, ...ReasonRequest.properties }),
  ReinstateAccount: schemaOf('ReinstateAccount', { ...accountLine, ...ReasonRequest.properties }),
  CloseAccount: schemaOf('CloseAccount', { ...accountLine, ...CloseAccountRequest.properties }),
  ListInstrument: schemaOf('ListInstrument', ListInstrumentRequest.properties),
  AmendInstrument: schemaOf('AmendInstrument', {
    ...symbolLine,
    ...AmendInstrumentRequest.properties,
  }),
  HaltTrading: schemaOf('HaltTrading', { ...symbolLine, ...HaltTradingRequest.properties }),
  ResumeTrading: schemaOf('ResumeTrading', { ...symbolLine, ...TradingStatusRequest.properties }),
  DelistInstrument: schemaOf('DelistInstrument', {
    ...symbolLine,
    ...TradingStatusRequest.properties,
  }),
  RecordClose: schemaOf('RecordClose', {
    ...symbolLine,
    date: DateIn,
    ...CloseRequest.properties,
  }),
  MarkPrice: schemaOf('MarkPrice', { ...symbolLine, ...LastPriceRequest.properties }),
};

type CommandName = keyof typeof lineSchemas;

const lineAccess: Readonly<Record<CommandName, Guarded>> = {
  OpenAccount: { resource: 'accounts', permission: 'CREATE' },
  Deposit: { resource: 'cash', permission: 'CREATE' },
  Withdraw: { resource: 'cash', permission: 'CREATE' },
  BookTrade: { resource: 'trades', permission: 'CREATE' },
  CancelTrade: { resource: 'trades', permission: 'CANCEL' },
  CorrectTrade: { resource: 'trades', permission: 'UPDATE' },
  SetLimits: { resource: 'limits', permission: 'UPDATE' },
  SuspendAccount: { resource: 'accounts', permission: 'UPDATE' },
  ReinstateAccount: { resource: 'accounts', permission: 'UPDATE' },
  CloseAccount: { resource: 'accounts', permission: 'CANCEL' },
  ListInstrument: { resource: 'instruments', permission: 'CREATE' },
  AmendInstrument: { resource: 'instruments', permission: 'UPDATE' },
  HaltTrading: { resource: 'instruments', permission: 'UPDATE' },
  ResumeTrading: { resource: 'instruments', permission: 'UPDATE' },
  DelistInstrument: { resource: 'instruments', permission: 'CANCEL' },
  RecordClose: { resource: 'prices', permission: 'CREATE' },
  MarkPrice: { resource: 'prices', permission: 'CREATE' },
};

type ForAccount<Body> = Body & { readonly accountId: AccountId };
type ForTrade<Body> = ForAccount<Body> & { readonly tradeId: TradeId };
type ForSymbol<Body> = Body & { readonly symbol: InstrumentSymbol };

/** The kinds of lines by the name of their command. */
export function lineKinds({ ledger, clock }: LineParts): ReadonlyMap<string, LineKind> {
  const today = (): CalendarDate => ledger.market.today();

  const onAccount = (
    { accountId }: { readonly accountId: AccountId },
    instruction: AccountInstruction,
  ): LineCommand => ({
    subject: accountId,
    phase: 'accounts',
    looksBack: mayLookBack(instruction, today()),
    madeTradeId: madeTradeIdOf(instruction),
    handle: (options) => ledger.account(accountId, instruction, options),
  });
  const onInstrument = (symbol: InstrumentSymbol, command: InstrumentCommand): LineCommand => ({
    subject: symbol,
    phase: 'instruments',
    looksBack: false,
    madeTradeId: undefined,
    handle: (options) => ledger.instrument(symbol, command, options),
  });
  const onPrices = (symbol: InstrumentSymbol, instruction: PricesInstruction): LineCommand => ({
    subject: symbol,
    phase: 'prices',
    looksBack: false,
    madeTradeId: undefined,
    handle: (options) => ledger.prices(symbol, instruction, options),
  });

  const prepare: Readonly<Record<CommandName, (line: never) => LineCommand>> = {
    OpenAccount: (line: ForAccount<OpenAccountRequest>) =>
      onAccount(line, openAccountFrom(line, line.accountId, today())),
    Deposit: (line: ForAccount<CashMovementRequest>) =>
      onAccount(line, cashMovementFrom('Deposit', line, today())),
    Withdraw: (line: ForAccount<CashMovementRequest>) =>
      onAccount(line, cashMovementFrom('Withdraw', line, today())),
    BookTrade: (line: ForAccount<OrderRequest>) => onAccount(line, bookTradeFrom(line, today())),
    CancelTrade: (line: ForTrade<ReasonRequest>) =>
      onAccount(line, { type: 'CancelTrade', tradeId: line.tradeId, reason: line.reason }),
    CorrectTrade: (line: ForTrade<CorrectTradeRequest>) =>
      onAccount(line, correctTradeFrom(line, line.tradeId, today())),
    SetLimits: (line: ForAccount<LimitsRequest>) => onAccount(line, setLimitsFrom(line)),
    SuspendAccount: (line: ForAccount<ReasonRequest>) =>
      onAccount(line, { type: 'SuspendAccount', reason: line.reason }),
    ReinstateAccount: (line: ForAccount<ReasonRequest>) =>
      onAccount(line, { type: 'ReinstateAccount', reason: line.reason }),
    CloseAccount: (line: ForAccount<CloseAccountRequest>) =>
      onAccount(line, closeAccountFrom(line, today())),
    ListInstrument: (line: ListInstrumentRequest) =>
      onInstrument(line.symbol, listInstrumentFrom(line)),
    AmendInstrument: (line: ForSymbol<AmendInstrumentRequest>) =>
      onInstrument(line.symbol, amendInstrumentFrom(line)),
    HaltTrading: (line: ForSymbol<HaltTradingRequest>) =>
      onInstrument(line.symbol, haltTradingFrom(line)),
    ResumeTrading: ({ symbol, reason }: ForSymbol<TradingStatusRequest>) =>
      onInstrument(symbol, { type: 'ResumeTrading', reason }),
    DelistInstrument: ({ symbol, reason }: ForSymbol<TradingStatusRequest>) =>
      onInstrument(symbol, { type: 'DelistInstrument', reason }),
    RecordClose: (line: ForSymbol<CloseRequest> & { readonly date: CalendarDate }) =>
      onPrices(line.symbol, recordCloseFrom(line, line.date)),
    MarkPrice: (line: ForSymbol<LastPriceRequest>) =>
      onPrices(line.symbol, markPriceFrom(line, clock)),
  };

  return new Map(
    Object.entries(lineSchemas).map(([name, schema]) => [
      name,
      {
        validator: Compile(schema),
        isPersonal: name === 'OpenAccount',
        access: lineAccess[name as CommandName],
        prepare: prepare[name as CommandName],
      },
    ]),
  );
}

/** The id of the trade that it books, if that was made for it. */
function madeTradeIdOf(instruction: AccountInstruction): TradeId | undefined {
  const terms = termsBooked(instruction);
  return terms?.freshTradeId === true ? terms.tradeId : undefined;
}
