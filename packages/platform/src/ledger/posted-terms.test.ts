import { calendarDate } from '@counterfoil/event-store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ActionId, ActionTerms } from '../domain/corporate-actions/events.ts';
import { noTerms } from '../domain/corporate-actions/terms.ts';
import { Price } from '../domain/money/money.ts';
import { openActionsBook, type ActionsBook } from './actions-book.ts';
import { newActionId } from './corporate-actions.ts';
import { aapl, cause, listApple, openLedger, type LedgerFixture } from './ledger.fixture.ts';
import { createPostedTerms } from './posted-terms.ts';

let fixture: LedgerFixture;
let book: ActionsBook;
let id: ActionId;

const terms = (amount: string): ActionTerms => ({
  ...noTerms,
  dividendKind: 'ORDINARY',
  amountPerShare: Price.of(amount),
});

beforeEach(async () => {
  fixture = await openLedger();
  await listApple(fixture);
  book = await openActionsBook(fixture);
  id = newActionId();
  const date = calendarDate('2020-11-06');
  const draft = {
    actionType: 'DIVIDEND' as const,
    symbol: aapl,
    terms: terms('0.2'),
    exDate: date,
    recordDate: date,
    paymentDate: date,
    source: 'test',
    sourceReference: null,
  };
  const { corporateActions } = fixture.ledger;
  const options = { cause };
  const totals = {
    accounts: 0,
    eligible: 0n,
    gross: 0n,
    tax: 0n,
    cash: 0n,
    shares: 0n,
  } as never;
  const post = async (version: number, amount: string) => {
    const start = { type: 'StartProcessing' as const, version, terms: terms(amount) };
    await corporateActions.handle(id, start, options);
    await corporateActions.handle(id, { type: 'CompleteProcessing', version, totals }, options);
  };
  await corporateActions.handle(
    id,
    { type: 'AnnounceAction', draft, idempotencyKey: null },
    options,
  );
  await post(1, '0.2');
  const changes = { terms: terms('0.3'), source: 'test', sourceReference: null };
  const amended = { changes, expectedVersion: 1, reason: 'corrected' };
  await corporateActions.handle(id, { type: 'AmendAction', ...amended }, options);
  await post(2, '0.3');
});
afterEach(async () => {
  await book.close();
  await fixture.close();
});

const notAsked = () => Promise.reject(new Error('the log was asked'));
const amountIn = (found: ActionTerms | undefined): string | undefined =>
  found && Price.format(found.amountPerShare ?? Price.zero);

describe('CA-06 the terms by which a version was posted', () => {
  test('are in memory for the version in force', async () => {
    await book.reach((await fixture.store.head()).position);
    const postedTerms = createPostedTerms(book, { readStream: notAsked });
    expect(amountIn(await postedTerms(id, 2))).toBe('0.3');
  });

  test('and in the log for an earlier one, or while the memory is behind', async () => {
    await book.reach((await fixture.store.head()).position);
    expect(amountIn(await createPostedTerms(book, fixture.store)(id, 1))).toBe('0.2');
    const behind = createPostedTerms({ find: () => undefined }, fixture.store);
    expect(amountIn(await behind(id, 2))).toBe('0.3');
    expect(await behind(id, 3)).toBeUndefined();
    expect(await behind(newActionId(), 1)).toBeUndefined();
  });
});
