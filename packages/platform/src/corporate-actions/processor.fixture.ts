import { onTestFinished } from 'vitest';
import { announced, amending, prepare } from '../api/corporate-actions/events.fixture.ts';
import { openServer, type ServerFixture } from '../api/server.fixture.ts';
import { accountOfStream, type AccountEvent, type AccountId } from '../domain/accounts/events.ts';
import type { CorporateAction } from '../domain/corporate-actions/corporate-action.ts';
import type { ActionId } from '../domain/corporate-actions/events.ts';
import { totalsTexts } from '../domain/corporate-actions/term-texts.ts';
import { Money, Quantity } from '../domain/money/money.ts';
import type { EntitlementLedger } from '../ledger/entitlements.ts';
import { viewsOf } from '../queries/views.ts';
import { createHolders } from './holders.ts';
import { createProcessor, type Holders, type Processor, type ProcessorParts } from './processor.ts';
import { createTermSources } from './term-sources.ts';

/** AAPL goes ex on Friday, 6 November 2020, and pays 0.205 a share, less 15 %. */
export const paidDividend = {
  event_type: 'DIVIDEND',
  symbol: 'AAPL',
  ex_date: '2020-11-06',
  record_date: '2020-11-09',
  payment_date: '2020-11-12',
  terms: { amount: '0.205', withholding_percent: '15' },
};

export const doneSplit = {
  event_type: 'STOCK_SPLIT',
  symbol: 'AAPL',
  ex_date: '2020-08-31',
  terms: { ratio: '4:1' },
};

/** The whole program, in which nobody posts but the test. */
export interface ProcessorFixture extends ServerFixture {
  announce(event: object): Promise<ActionId>;
  amend(id: ActionId, changes: object): Promise<void>;
  cancel(id: ActionId): Promise<void>;
  processor(replaced?: Partial<ProcessorParts>): Processor;
  readonly holders: Holders;
  action(id: ActionId): Promise<CorporateAction>;
  /** What was posted of an action, as `A1 +1`, and taken back, as `A1 -1`: the account and the version. */
  postings(id: ActionId): Promise<readonly string[]>;
  /** Cash and shares of AAPL. */
  balance(account: string): Promise<string>;
}

export async function openProcessor(): Promise<ProcessorFixture> {
  const server = await openServer();
  onTestFinished(server.close);
  await prepare(server);
  const { platform, done } = server;
  const { ledger, store, market, actions, projector, breakers, readModels } = platform;
  const { entitlements, corporateActions } = ledger;
  const head = async () => (await store.head()).position;
  const holders = createHolders({ store, views: viewsOf(readModels), actions, projector });
  return {
    ...server,
    holders,
    announce: (event) => announced(server, event),
    amend: async (id, changes) => {
      const { action } = await corporateActions.now(id);
      await done(amending(id, { expected_version: action?.version, ...changes }));
    },
    cancel: async (id) => {
      await done({
        request: `POST /api/v1/events/${id}/cancel`,
        body: { reason: 'the board withdrew it' },
      });
    },
    processor: (replaced) =>
      createProcessor({
        actions: corporateActions,
        entitlements,
        market,
        terms: createTermSources({ breakers, market, entitlements, holders, head }),
        holders,
        head,
        pageSize: 2,
        noteEvery: 4,
        ...replaced,
      }),
    action: async (id) => {
      const { action } = await corporateActions.now(id);
      if (action === undefined) throw new Error(`there is no ${id}`);
      return action;
    },
    postings: async (id) => {
      const page = await store.readAll({ after: 0, limit: 100_000 });
      return page.events.flatMap((event) => {
        const { type, data } = event as unknown as AccountEvent;
        if (type !== 'EntitlementPosted' && type !== 'EntitlementReversed') return [];
        const sign = type === 'EntitlementPosted' ? '+' : '-';
        return data.actionId === id
          ? [`${accountOfStream(event.stream)} ${sign}${data.actionVersion}`]
          : [];
      });
    },
    balance: async (id) => {
      const { account } = await ledger.accountNow(id as AccountId);
      const position = account?.positions.find(({ symbol }) => symbol === 'AAPL');
      const cash = Money.format(account?.cash ?? Money.zero);
      return `${cash} and ${Quantity.format(position?.quantity ?? Quantity.zero)}`;
    },
  };
}

/** Opens accounts with 100,000 that buy AAPL at 100 on Friday, 3 January 2020; none when it is nothing. */
export async function withHoldings(
  { done }: Pick<ServerFixture, 'done'>,
  quantities: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [accountId, quantity] of Object.entries(quantities)) {
    const body = {
      accountId,
      ownerName: 'Owner',
      ownerKind: 'INDIVIDUAL',
      currency: 'USD',
      initialBalance: '100000',
      openedOn: '2020-01-02',
    };
    await done({ request: 'POST /api/v1/accounts', body });
    if (quantity !== '0') await buy({ done }, accountId, quantity, '2020-01-03');
  }
}

export async function buy(
  { done }: Pick<ServerFixture, 'done'>,
  account: string,
  quantity: string,
  tradeDate: string,
): Promise<void> {
  await done({
    request: `POST /api/v1/accounts/${account}/orders`,
    body: { side: 'BUY', symbol: 'AAPL', quantity, price: '100', tradeDate },
  });
}

/** Nine accounts, A1 to A9, with 10 shares the first, 20 the second, and so on. */
export const nineHolders = Object.fromEntries(
  Array.from({ length: 9 }, (_, number) => [`A${number + 1}`, `${10 * (number + 1)}`]),
);

/** The ledger, in which something happens before an account is posted to for the first time. */
export function before(
  account: string,
  { post, reverse }: EntitlementLedger,
  happen: () => Promise<void> | void,
): Pick<EntitlementLedger, 'post' | 'reverse'> {
  let happened = false;
  return {
    reverse,
    post: async (id, action, cause) => {
      if (id === account && !happened) {
        happened = true;
        await happen();
      }
      return post(id, action, cause);
    },
  };
}

/** As `before`, of the first time that an account is taken back from. */
export function beforeReversal(
  account: string,
  { post, reverse }: EntitlementLedger,
  happen: () => Promise<void> | void,
): Pick<EntitlementLedger, 'post' | 'reverse'> {
  let happened = false;
  return {
    post,
    reverse: async (id, action, cause) => {
      if (id === account && !happened) {
        happened = true;
        await happen();
      }
      return reverse(id, action, cause);
    },
  };
}

export function textsOf(totals: Parameters<typeof totalsTexts>[0] | undefined) {
  return totals && totalsTexts(totals);
}

const once = { last: false };
export const first = once;
export const last = { last: true };
