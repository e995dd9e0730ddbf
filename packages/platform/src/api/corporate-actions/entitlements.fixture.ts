import {
  announcementDraftOf,
  type AnnounceRequest,
} from '../../domain/corporate-actions/contract.ts';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import type { EntitlementTexts } from '../../queries/entitlement-facts.ts';
import { until } from '../../streams/contract/samples.ts';
import type { ServerFixture } from '../server.fixture.ts';
import type { CorporateActionAnswer } from './answers.ts';
import { announced } from './events.fixture.ts';

type Caller = Pick<ServerFixture, 'done' | 'head'>;

export async function listInstruments(
  { done }: Caller,
  ...symbols: readonly string[]
): Promise<void> {
  for (const symbol of symbols) {
    const body = { symbol, name: symbol, currency: 'USD' };
    await done({ request: 'POST /api/v1/instruments', body });
  }
}

/** `openAccount(fixture, 'A1', '280 AAPL at 100')`: with 100,000 dollars, and what it bought in January 2020. */
export async function openAccount(
  { done }: Caller,
  accountId: string,
  bought?: string,
): Promise<void> {
  const owner = { ownerName: 'Ada Lovelace', ownerKind: 'INDIVIDUAL', currency: 'USD' };
  const body = { accountId, ...owner, initialBalance: '100000', openedOn: '2020-01-02' };
  await done({ request: 'POST /api/v1/accounts', body });
  if (bought !== undefined) await order({ done }, accountId, `BUY ${bought} on 2020-01-03`);
}

/** `order(fixture, 'A1', 'SELL 5 AAPL at 100 on 2020-01-06')` */
export async function order(
  { done }: Pick<Caller, 'done'>,
  account: string,
  what: string,
): Promise<void> {
  const [side, quantity, symbol, , price, , tradeDate] = what.split(' ');
  const body = { side, quantity, symbol, price, tradeDate };
  await done({ request: `POST /api/v1/accounts/${account}/orders`, body });
}

/** Announces an event and waits until it is posted. */
export async function post(fixture: Caller, event: object): Promise<ActionId> {
  const id = await announced(fixture, event);
  await completed(fixture, id, 1);
  return id;
}

export async function completed(fixture: Caller, id: string, version: number): Promise<void> {
  await until(async () => {
    const { status, posted_version, failure } = await shown(fixture, id);
    if (status === 'FAILED') throw new Error(`${id} failed: ${JSON.stringify(failure)}`);
    return status === 'COMPLETED' && posted_version === version;
  });
}

export async function shown({ done }: Caller, id: string): Promise<CorporateActionAnswer> {
  return (await done({ request: `GET /api/v1/events/${id}` })).json<CorporateActionAnswer>();
}

export async function cashOf({ done }: Caller, account: string): Promise<string> {
  const response = await done({ request: `GET /api/v1/accounts/${account}` });
  return response.json<{ cash: string }>().cash;
}

/** What a list answers that reflects all that was done before. */
export async function listed<Answer>(
  { done, head }: Pick<ServerFixture, 'done' | 'head'>,
  path: string,
): Promise<Answer> {
  const joint = path.includes('?') ? '&' : '?';
  const request = `GET /api/v1${path}${joint}minPosition=${await head()}`;
  return (await done({ request })).json<Answer>();
}

export interface EntitlementsPage {
  readonly items: readonly EntitlementTexts[];
  readonly nextCursor: string | null;
  readonly pending: { readonly code: string } | null;
}

/** Such as `A1 POSTED 280 eligible: 57.4 - 8.61 = 48.79`. */
export function inBrief({
  account,
  status,
  eligible,
  gross,
  tax,
  amount,
}: EntitlementTexts): string {
  return `${account} ${status} ${eligible} eligible: ${gross} - ${tax} = ${amount}`;
}

/** Announces an event under an id of one's own. */
export async function announceUnder(
  { platform }: Pick<ServerFixture, 'platform'>,
  id: string,
  event: object,
): Promise<void> {
  const draft = announcementDraftOf(event as AnnounceRequest);
  const said = { type: 'AnnounceAction', draft, idempotencyKey: null } as const;
  const options = { cause: { userId: 'example' } };
  const { corporateActions } = platform.ledger;
  const result = await corporateActions.handle(id as ActionId, said, options);
  if (result.kind !== 'accepted') throw new Error(JSON.stringify(result));
}
