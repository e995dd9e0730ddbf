import {
  createCommandHandler,
  createStagedStreams,
  type CommandHandler,
  type CommandResult,
  type EventStore,
  type HandleOptions,
} from '@counterfoil/event-store';
import { accountDecider } from '../domain/accounts/account.ts';
import type { AccountCommand } from '../domain/accounts/commands.ts';
import { accountStream, type AccountId } from '../domain/accounts/events.ts';
import type { AccountRejection } from '../domain/accounts/rejections.ts';
import type { AccountState } from '../domain/accounts/state.ts';
import {
  instrumentStream,
  pricesStream,
  type InstrumentSymbol,
} from '../domain/instruments/events.ts';
import {
  instrumentDecider,
  type InstrumentCommand,
  type InstrumentRejection,
} from '../domain/instruments/instrument.ts';
import {
  pricesDecider,
  type PricesCommand,
  type PricesRejection,
} from '../domain/instruments/prices.ts';
import { tradeRecordStream, type RecordId } from '../domain/trade-records/events.ts';
import { tradeRecordAggregate } from '../domain/trade-records/trade-record.ts';
import type { Vault } from '../vault/vault.ts';
import { createCorporateActions, type CorporateActions } from './corporate-actions.ts';
import { createEntitlementLedger, type EntitlementLedger } from './entitlements.ts';
import type { AccountInstruction, OpeningInstruction, PricesInstruction } from './instructions.ts';
import type { MarketBook } from './market-book.ts';
import { createOpenings } from './openings.ts';
import { createTradeCapture, type TradeCapture } from './trade-capture.ts';
import { claimingTradeId, explainingTakenTradeId } from './trade-ids.ts';

/**
 * The way in for every command: adds what the command needs of the market and the clock, and runs it
 * through the engine. A result is durable when its promise resolves.
 */
export interface Ledger {
  account(
    id: AccountId,
    instruction: AccountInstruction,
    options: HandleOptions<AccountRejection>,
  ): Promise<CommandResult<AccountRejection>>;
  instrument(
    symbol: InstrumentSymbol,
    command: InstrumentCommand,
    options: HandleOptions<InstrumentRejection>,
  ): Promise<CommandResult<InstrumentRejection>>;
  prices(
    symbol: InstrumentSymbol,
    instruction: PricesInstruction,
    options: HandleOptions<PricesRejection>,
  ): Promise<CommandResult<PricesRejection>>;
  /** An account as it is now, with the version of its stream: undefined and 0 before it was opened. */
  accountNow(id: AccountId): Promise<{ readonly account: AccountState; readonly version: number }>;
  /** Corporate actions: what is announced of them, and what is done about it. */
  readonly corporateActions: CorporateActions;
  /** What corporate actions give to accounts. */
  readonly entitlements: EntitlementLedger;
  /** Trade records, with what they book. */
  readonly trades: TradeCapture;
  /** Marks a trade record as expired, if it is time. */
  expire(id: RecordId, options: HandleOptions<never>): Promise<CommandResult<never>>;
  readonly market: MarketBook;
}

export function createLedger(
  store: EventStore,
  market: MarketBook,
  vault: Pick<Vault, 'hold'>,
): Ledger {
  const accountStreams = createStagedStreams(store.raw, accountDecider, {});
  const accounts: CommandHandler<AccountCommand, AccountState, AccountRejection> =
    createCommandHandler(store, accountDecider, {}, accountStreams);
  const recordStreams = createStagedStreams(store.raw, tradeRecordAggregate, {});
  const records = createCommandHandler(store, tradeRecordAggregate, {}, recordStreams);
  const instruments = createCommandHandler(store, instrumentDecider);
  const prices = createCommandHandler(store, pricesDecider);
  const openings = createOpenings(vault);

  /** Waits until the market book has seen a command's effect: the next command must know of it. */
  const seen = async <Rejection>(
    outcome: Promise<CommandResult<Rejection>>,
  ): Promise<CommandResult<Rejection>> => {
    const result = await outcome;
    if (result.kind === 'accepted' && result.position !== undefined) {
      await market.reach(result.position);
    }
    return result;
  };

  return {
    market,
    account: (id, instruction, options) => {
      if (instruction.type === 'OpenAccount') {
        return openings.open(id, instruction.ownerName, (ownerName) =>
          accounts.handle(
            accountStream(id),
            { ...instruction, ownerName, market: market.view() },
            options,
          ),
        );
      }
      return openings.behind(id, () => {
        const claiming = claimingTradeId(id, instruction, options);
        const command = withMarket(instruction, market);
        const outcome = accounts.handle(accountStream(id), command, claiming);
        return claiming === options ? outcome : outcome.then(explainingTakenTradeId);
      });
    },
    instrument: (symbol, command, options) =>
      seen(instruments.handle(instrumentStream(symbol), command, options)),
    prices: (symbol, instruction, options) =>
      seen(
        prices.handle(pricesStream(symbol), withReference(symbol, instruction, market), options),
      ),
    corporateActions: createCorporateActions(store, market),
    entitlements: createEntitlementLedger({ store, market }),
    trades: createTradeCapture({
      store,
      market,
      records: recordStreams,
      accounts: accountStreams,
    }),
    expire: (id, options) =>
      records.handle(
        tradeRecordStream(id),
        { type: 'ExpireTradeRecord', today: market.today(), calendar: market.calendar },
        options,
      ),
    accountNow: async (id) => {
      const { state, version } = await accounts.load(accountStream(id));
      return { account: state, version };
    },
  };
}

function withMarket(
  instruction: Exclude<AccountInstruction, OpeningInstruction>,
  market: MarketBook,
): AccountCommand {
  // Commands that need nothing of the market ignore it; adding it costs less than asking which do.
  return { ...instruction, market: market.view() } as AccountCommand;
}

function withReference(
  symbol: InstrumentSymbol,
  instruction: PricesInstruction,
  market: MarketBook,
): PricesCommand {
  const reference = { symbol, instrument: market.instrument(symbol), today: market.today() };
  switch (instruction.type) {
    case 'RecordDailyBar':
      return { ...instruction, ...reference };
    case 'MarkPrice':
      return { ...instruction, ...reference, date: market.dateOf(instruction.markedAt) };
  }
}
