import type {
  AccountAnswer,
  PositionAnswer,
  PositionWithLots,
} from '../../domain/accounts/contract.ts';
import { until } from '../../streams/contract/samples.ts';
import type { Page } from '../pages.ts';
import type { ServerFixture } from '../server.fixture.ts';
import type { CorporateActionAnswer } from './answers.ts';
import { announced } from './events.fixture.ts';

// What a bookkeeper does with corporate actions, in his words, all of it through HTTP.

type Caller = Pick<ServerFixture, 'call' | 'done' | 'head'>;

export async function list({ done }: Caller, ...symbols: readonly string[]): Promise<void> {
  for (const symbol of symbols) {
    const body = { symbol, name: symbol, currency: 'USD' };
    await done({ request: 'POST /api/v1/instruments', body });
  }
}

/** Opens an account with 100,000 dollars. */
export async function open({ done }: Caller, accountId: string, more: object = {}): Promise<void> {
  const owner = { ownerName: 'Owner', ownerKind: 'INDIVIDUAL', currency: 'USD' };
  const body = { accountId, ...owner, initialBalance: '100000', openedOn: '2010-01-04', ...more };
  await done({ request: 'POST /api/v1/accounts', body });
}

/** `book(fixture, 'A1', 'BUY 10 AAPL at 606.81 on 2014-06-02')`: the first trade of an account is T1. */
export async function book(
  { done }: Caller,
  account: string,
  ...trades: readonly string[]
): Promise<void> {
  for (const [place, trade] of trades.entries()) {
    const [side, quantity, symbol, , price, , tradeDate] = trade.split(' ');
    const body = { tradeId: `T${place + 1}`, side, quantity, symbol, price, tradeDate };
    await done({ request: `POST /api/v1/accounts/${account}/orders`, body });
  }
}

/** Announces an event and waits until it is posted; answers its id. */
export async function post(fixture: Caller, event: object): Promise<string> {
  const id = await announced(fixture, event);
  await completed(fixture, id, 1);
  return id;
}

export async function completed(fixture: Caller, id: string, version: number): Promise<void> {
  await until(async () => {
    const { status, posted_version, failure } = await eventOf(fixture, id);
    if (status === 'FAILED') throw new Error(`${id} failed: ${JSON.stringify(failure)}`);
    return status === 'COMPLETED' && posted_version === version;
  });
}

export async function eventOf({ call }: Caller, id: string): Promise<CorporateActionAnswer> {
  return (await call({ request: `GET /api/v1/events/${id}` })).json<CorporateActionAnswer>();
}

/** Of the past: the end of a business date, or a date as it was known by a moment. */
export interface When {
  readonly asOf?: string;
  readonly knownAt?: string;
}

/**
 * Such as `12 cost 1248 realized 0: T1 of 2021-07-01 12 for 1248`, and `nothing` where nothing is held and
 * nothing was gained.
 */
export async function held(
  fixture: Caller,
  account: string,
  symbol: string,
  when: When = {},
): Promise<string> {
  const url = `/api/v1/accounts/${account}/positions`;
  const response = await fixture.call({ request: `GET ${url}/${symbol}?${queryOf(when)}` });
  if (response.statusCode === 404) return 'nothing';
  const position = response.json<PositionWithLots>();
  if (queryOf(when) === '') await requireListed(fixture, url, position);
  const lots = position.lots.map(
    ({ lotId, openedOn, quantity, cost }) => `${lotId} of ${openedOn} ${quantity} for ${cost}`,
  );
  return [describePosition(position), ...(lots.length === 0 ? [] : [lots.join(', ')])].join(': ');
}

function describePosition({ quantity, cost, realizedPnl }: PositionAnswer): string {
  return `${quantity} cost ${cost} realized ${realizedPnl}`;
}

/** The list of positions is of the read models, which have to come to the same. */
async function requireListed(
  { done, head }: Caller,
  url: string,
  position: PositionWithLots,
): Promise<void> {
  const query = `includeClosed=true&minPosition=${await head()}`;
  const { items } = (await done({ request: `GET ${url}?${query}` })).json<Page<PositionAnswer>>();
  const listed = items.find(({ symbol }) => symbol === position.symbol);
  const [theirs, ours] = [listed && describePosition(listed), describePosition(position)];
  if (theirs !== ours) throw new Error(`the list has ${theirs}, and the position is ${ours}`);
}

export async function cashOf({ done }: Caller, account: string, when: When = {}): Promise<string> {
  const request = `GET /api/v1/accounts/${account}?${queryOf(when)}`;
  return (await done({ request })).json<AccountAnswer>().cash;
}

function queryOf(when: When): string {
  return new URLSearchParams({ ...when }).toString();
}
