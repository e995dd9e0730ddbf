import { calendarDate, fold } from '@counterfoil/event-store';
import { unitedStates } from '../calendar/united-states.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { currency } from '../money/currency.ts';
import { Money, Price, Quantity, Ratio } from '../money/money.ts';
import { announcementFrom, type ActionMarket, type AnnouncementDraft } from './announcement.ts';
import type { CorporateActionCommand } from './commands.ts';
import { corporateActionDecider } from './corporate-action.ts';
import type { ActionTerms, ActionTotals, CorporateActionEvent } from './events.ts';

export const AAPL = 'AAPL' as InstrumentSymbol;

/** AAPL and WBD are listed, in dollars. */
const market: ActionMarket = {
  calendar: unitedStates,
  currencyOf: (symbol) => (['AAPL', 'WBD'].includes(symbol) ? currency('USD') : undefined),
};

/** A dividend of 0.26 with ex-date 7 December 2026, paid on the 10th. */
export const dividend: AnnouncementDraft = {
  actionType: 'DIVIDEND',
  symbol: AAPL,
  terms: { amountPerShare: Price.of('0.26') },
  exDate: calendarDate('2026-12-07'),
  recordDate: calendarDate('2026-12-07'),
  paymentDate: calendarDate('2026-12-10'),
  source: 'api',
  sourceReference: null,
};

export function ratioOf(text: string): Pick<ActionTerms, 'ratioNew' | 'ratioOld'> {
  const [ratioNew = '', ratioOld = ''] = text.split(':');
  return { ratioNew: Ratio.of(ratioNew), ratioOld: Ratio.of(ratioOld) };
}

/** A 7:1 split on the same ex-date. */
export const split: AnnouncementDraft = {
  ...dividend,
  actionType: 'STOCK_SPLIT',
  terms: ratioOf('7:1'),
  recordDate: null,
  paymentDate: null,
};

export function announcementOf(draft: AnnouncementDraft, changed: Partial<AnnouncementDraft> = {}) {
  return announcementFrom({ ...draft, ...changed });
}

export function totals(accounts: number): ActionTotals {
  return {
    accounts,
    eligible: Quantity.of(String(100 * accounts)),
    gross: Money.of(String(26 * accounts)),
    tax: Money.zero,
    cash: Money.of(String(26 * accounts)),
    shares: Quantity.zero,
  };
}

// Commands, by the names that the tables give them.

export const announce = (draft: AnnouncementDraft = dividend): CorporateActionCommand => ({
  type: 'AnnounceAction',
  draft,
  idempotencyKey: null,
  market,
});

export const amend = (changes: object, expectedVersion?: number): CorporateActionCommand => ({
  type: 'AmendAction',
  expectedVersion,
  changes: { source: 'api', sourceReference: null, ...changes },
  reason: 'corrected',
  market,
});

export const cancel: CorporateActionCommand = {
  type: 'CancelAction',
  kind: 'WITHDRAWN',
  reason: 'the board withdrew it',
};

export const start = (
  version: number,
  terms: ActionTerms = announcementFrom(dividend).terms,
): CorporateActionCommand => ({ type: 'StartProcessing', version, terms });

export const progress = (version: number, throughAccount: string): CorporateActionCommand => ({
  type: 'RecordProgress',
  version,
  throughAccount,
  totals: totals(1),
});

export const complete = (version: number): CorporateActionCommand => ({
  type: 'CompleteProcessing',
  version,
  totals: totals(2),
});

export const fail = (version: number, last = false): CorporateActionCommand => ({
  type: 'FailAttempt',
  version,
  work: 'post',
  code: 'PRICE_UNKNOWN',
  error: 'no close before the effective date',
  last,
});

export const failToReverse = (version: number, last = false): CorporateActionCommand => ({
  type: 'FailAttempt',
  version,
  work: 'take back',
  code: 'PROCESSING_FAILED',
  error: 'the list of holders is torn',
  last,
});

export const reverse = (version: number): CorporateActionCommand => ({
  type: 'CompleteReversal',
  version,
  totals: totals(2),
});

export const assign: CorporateActionCommand = { type: 'AssignReview', assignee: 'grace' };
export const note: CorporateActionCommand = { type: 'NoteReview', note: 'asked the source' };
export const retry: CorporateActionCommand = { type: 'RetryAction', reason: 'priced now' };
export const resolve: CorporateActionCommand = { type: 'ResolveReview', reason: 'paid by hand' };

/** The events that commands come to, each of which must be taken. */
export function given(
  ...commands: readonly CorporateActionCommand[]
): readonly CorporateActionEvent[] {
  const events: CorporateActionEvent[] = [];
  for (const command of commands) {
    const decided = decide(events, command);
    if (decided.rejection !== undefined) {
      throw new Error(`${command.type} was refused: ${decided.rejection.code}`);
    }
    events.push(...decided.events);
  }
  return events;
}

export function decide(events: readonly CorporateActionEvent[], command: CorporateActionCommand) {
  return corporateActionDecider.decide(command, fold(corporateActionDecider, events));
}

/** The action that commands come to. */
export function actionAfter(...commands: readonly CorporateActionCommand[]) {
  const action = fold(corporateActionDecider, given(...commands));
  if (action === undefined) throw new Error('nothing was announced');
  return action;
}
