import { fold, type StreamId } from '@counterfoil/event-store';
import { accountDecider } from '../../packages/platform/src/domain/accounts/account.ts';
import type {
  ClientCommand,
  TradeTerms,
} from '../../packages/platform/src/domain/accounts/commands.ts';
import { effectOf } from './answers.ts';
import { must } from './must.ts';
import { factsOf, type AccountRecord } from './records.ts';
import type { Request } from './request.ts';

/** An account kept by hand, from the commands that took effect and not from what the events say. */
interface Books {
  /** In the units of `Money`. */
  cash: bigint;
  readonly fills: Map<string, Fill>;
}

interface Fill {
  readonly symbol: string;
  /** Bought or, below zero, sold. */
  readonly shares: bigint;
  /** Received or, below zero, paid, with fees. */
  readonly cash: bigint;
}

/** Cash and shares are conserved: what is there is what was put in, less what was taken out. */
export function checkBooks(records: readonly AccountRecord[], requests: readonly Request[]): void {
  const streams = Map.groupBy(records, ({ stream }) => stream);
  for (const [stream, own] of streams) {
    const account = fold(accountDecider, factsOf(own));
    const { cash, fills } = booksOf(stream, own, requests);
    const reckoned = [...fills.values()].reduce((sum, fill) => sum + fill.cash, cash);
    must(account?.cash === reckoned, () => `${stream} has ${account?.cash}, reckoned ${reckoned}`);
    const symbols = [...fills.values()].map(({ symbol }) => symbol);
    for (const symbol of new Set([...symbols, ...account.positions.map((held) => held.symbol)])) {
      const held = account.positions.find((position) => position.symbol === symbol)?.quantity ?? 0n;
      const shares = [...fills.values()].reduce(
        (sum, fill) => (fill.symbol === symbol ? sum + fill.shares : sum),
        0n,
      );
      must(
        held === shares * sharesScale,
        () => `${stream} holds ${held} of ${symbol}, and its fills sum to ${shares} shares`,
      );
    }
  }
}

const sharesScale = 100_000_000n;

function booksOf(
  stream: StreamId,
  records: readonly AccountRecord[],
  requests: readonly Request[],
): Books {
  const books: Books = { cash: 0n, fills: new Map() };
  const took = requests
    .filter((request) => request.stream === stream)
    .map((request) => ({ request, effect: effectOf(records, request) }))
    .filter(({ effect }) => effect.length > 0 && effect[0]?.type !== 'TradeRefused')
    .toSorted((left, right) => (left.effect[0]?.version ?? 0) - (right.effect[0]?.version ?? 0));
  for (const { request } of took) enter(books, request.command);
  return books;
}

function enter(books: Books, command: ClientCommand): void {
  switch (command.type) {
    case 'OpenAccount':
      books.cash += command.initialBalance;
      return;
    case 'Deposit':
      books.cash += command.amount;
      return;
    case 'Withdraw':
      books.cash -= command.amount;
      return;
    case 'BookTrade':
      books.fills.set(command.tradeId, fillOf(command, command.symbol));
      return;
    case 'CancelTrade':
      books.fills.delete(command.tradeId);
      return;
    case 'CorrectTrade': {
      const symbol = books.fills.get(command.tradeId)?.symbol ?? 'unknown';
      books.fills.delete(command.tradeId);
      books.fills.set(command.replacement.tradeId, fillOf(command.replacement, symbol));
      return;
    }
    case 'MakeElection':
    case 'SetLimits':
    case 'SuspendAccount':
    case 'ReinstateAccount':
    case 'CloseAccount':
  }
}

function fillOf({ side, quantity, price, fees }: TradeTerms, symbol: string): Fill {
  const shares = quantity / sharesScale;
  // Whole shares at whole cents: a price has eight decimals, money four.
  const gross = shares * (price / 10_000n);
  return side === 'BUY'
    ? { symbol, shares, cash: -gross - fees }
    : { symbol, shares: -shares, cash: gross - fees };
}
