import type { ProcessingCommand } from '../../domain/corporate-actions/commands.ts';
import {
  announcementDraftOf,
  type AnnounceRequest,
} from '../../domain/corporate-actions/contract.ts';
import type { ActionId, ActionTotals } from '../../domain/corporate-actions/events.ts';
import { termsOfTexts } from '../../domain/corporate-actions/term-texts.ts';
import { termsWithDefaults } from '../../domain/corporate-actions/terms.ts';
import { Money, Quantity } from '../../domain/money/money.ts';
import type { AnnouncementInstruction } from '../../ledger/corporate-actions.ts';
import type { Call } from '../error-examples.ts';
import type { ServerFixture } from '../server.fixture.ts';

/** A dividend in the fewest words. */
export const dividend = {
  event_type: 'DIVIDEND',
  symbol: 'AAPL',
  ex_date: '2026-12-07',
  record_date: '2026-12-07',
  payment_date: '2026-12-10',
  amount: '0.26',
};

export const split = {
  event_type: 'STOCK_SPLIT',
  symbol: 'AAPL',
  ex_date: '2026-12-07',
  terms: { ratio: '7:1' },
};

export function announcing(event: object, headers?: Call['headers']): Call {
  return {
    request: 'POST /api/v1/events',
    body: event,
    ...(headers === undefined ? {} : { headers }),
  };
}

export function amending(id: string, changes: object): Call {
  return {
    request: `PATCH /api/v1/events/${id}`,
    body: { expected_version: 1, reason: 'corrected', ...changes },
  };
}

export async function announced(
  { done }: Pick<ServerFixture, 'done'>,
  event: object,
): Promise<ActionId> {
  return (await done(announcing(event))).json<{ id: ActionId }>().id;
}

/** Lists AAPL and WBD. Nobody posts to accounts but the tests themselves. */
export async function prepare({
  done,
  platform,
}: Pick<ServerFixture, 'done' | 'platform'>): Promise<void> {
  await platform.corporateActions.queue.pause();
  for (const symbol of ['AAPL', 'WBD']) {
    const body = { symbol, name: symbol, currency: 'USD' };
    await done({ request: 'POST /api/v1/instruments', body });
  }
  const body = { price: '189.50', markedAt: '2026-11-20T14:30:00Z' };
  await done({ request: 'PUT /api/v1/prices/AAPL/last', body });
}

const totals: ActionTotals = {
  accounts: 2,
  eligible: Quantity.of('280'),
  gross: Money.of('57.40'),
  tax: Money.of('8.61'),
  cash: Money.of('48.79'),
  shares: Quantity.zero,
};

/** What whoever posts to the accounts says of a dividend. */
export const processing = {
  start: {
    type: 'StartProcessing',
    version: 1,
    terms: termsWithDefaults('DIVIDEND', termsOfTexts('DIVIDEND', { amount: '0.26' })),
  },
  progress: { type: 'RecordProgress', version: 1, throughAccount: 'A1', totals },
  complete: { type: 'CompleteProcessing', version: 1, totals },
  fail: {
    type: 'FailAttempt',
    version: 1,
    work: 'post',
    code: 'PRICE_UNKNOWN',
    error: 'no close before the effective date',
    last: true,
  },
  reverse: { type: 'CompleteReversal', version: 1, totals },
} satisfies Readonly<Record<string, ProcessingCommand>>;

export async function process(
  { platform }: Pick<ServerFixture, 'platform'>,
  id: ActionId,
  ...commands: readonly ProcessingCommand[]
): Promise<void> {
  const cause = { userId: 'worker' };
  for (const command of commands) {
    const result = await platform.ledger.corporateActions.handle(id, command, { cause });
    if (result.kind !== 'accepted') throw new Error(`${command.type}: ${result.kind}`);
  }
}

/** Announces the dividend under the id that a call is for, and says more of it. */
export async function announceFor(
  { platform }: Pick<ServerFixture, 'platform'>,
  { request }: Call,
  ...further: readonly (AnnouncementInstruction | ProcessingCommand)[]
): Promise<void> {
  const id = /CA-[0-9A-Z]{18}/.exec(request)?.[0] as ActionId;
  const draft = announcementDraftOf(dividend as AnnounceRequest);
  const options = { cause: { userId: 'example' } };
  const { corporateActions } = platform.ledger;
  await corporateActions.handle(
    id,
    { type: 'AnnounceAction', draft, idempotencyKey: null },
    options,
  );
  for (const said of further) await corporateActions.handle(id, said as ProcessingCommand, options);
}
