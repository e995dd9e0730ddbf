import {
  eventType,
  field,
  streamId,
  type Branded,
  type EventOf,
  type StreamId,
  type ValueOf,
} from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import type { CurrencyCode } from '../money/currency.ts';
import { Money, Percentage, Price, Quantity, Ratio } from '../money/money.ts';

/** Names a corporate action: `CA-` and 18 signs, as they are made here. */
export type ActionId = Branded<string, 'ActionId'>;

const idPattern = /^CA-[0-9A-Z]{18}$/;

export function parseActionId(text: string): ActionId | undefined {
  return idPattern.test(text) ? (text as ActionId) : undefined;
}

export const actionTypes = [
  'DIVIDEND',
  'STOCK_DIVIDEND',
  'STOCK_SPLIT',
  'MERGER',
  'SPIN_OFF',
  'RIGHTS_ISSUE',
  'TENDER_OFFER',
  'SYMBOL_CHANGE',
  'RETURN_OF_CAPITAL',
] as const;

export type ActionType = (typeof actionTypes)[number];

/**
 * What becomes of fractions of a share: ISO 15022's DISF. RDDN drops them, RDUP rounds up, STAN rounds half
 * up, CINL pays cash in lieu, DIST keeps them, BUYU lets the holder pay for the rest of a share.
 */
export const fractionRules = ['CINL', 'RDDN', 'RDUP', 'STAN', 'DIST', 'BUYU'] as const;

export type FractionRule = (typeof fractionRules)[number];

/**
 * The terms of an action, whatever its type: those that it has no use for are null. What each type needs is
 * in `terms.ts`.
 */
const terms = field.record('ActionTerms', {
  /** DIVIDEND: an ordinary one or a special one. */
  dividendKind: field.nullable(field.oneOf('DividendKind', ['ORDINARY', 'SPECIAL'])),
  /** DIVIDEND, RETURN_OF_CAPITAL: gross, per share. */
  amountPerShare: field.nullable(Price.field),
  /** Of every price and amount in the terms; null for the instrument's. */
  currency: field.nullable(field.text<CurrencyCode>()),
  /** DIVIDEND: units of the account's currency for one of `currency`; null where they are the same. */
  exchangeRate: field.nullable(Ratio.field),
  /** DIVIDEND: of the gross amount of holders that are long. */
  withholdingPercent: field.nullable(Percentage.field),
  /**
   * So many new shares for so many held. STOCK_SPLIT: in place of them; STOCK_DIVIDEND: besides them;
   * MERGER: of the buyer, null when it pays cash alone; SPIN_OFF: of the child; RIGHTS_ISSUE: offered.
   */
  ratioNew: field.nullable(Ratio.field),
  ratioOld: field.nullable(Ratio.field),
  /** Null where the action makes no fractions. */
  fractions: field.nullable(field.oneOf('FractionRule', fractionRules)),
  /** Per share, for CINL and BUYU; null for the close on the last day before the effective date. */
  priceInLieu: field.nullable(Price.field),
  /** MERGER: the buyer; SPIN_OFF: the child; SYMBOL_CHANGE: the new symbol; RIGHTS_ISSUE, else null: the share itself. */
  otherSymbol: field.nullable(field.text<InstrumentSymbol>()),
  /** MERGER: cash for each share held, null when it pays stock alone; TENDER_OFFER: for each share accepted. */
  cashPerShare: field.nullable(Price.field),
  /** MERGER of cash and stock: what a share of the buyer is worth; SPIN_OFF without `basisPercent`: of the child. */
  otherPrice: field.nullable(Price.field),
  /** SPIN_OFF without `basisPercent`: what a share of the parent is worth without the child. */
  ownPrice: field.nullable(Price.field),
  /** SPIN_OFF: how much of the cost goes to the child, of 100. */
  basisPercent: field.nullable(Percentage.field),
  /** RIGHTS_ISSUE: to be paid for each new share. */
  subscriptionPrice: field.nullable(Price.field),
  /** TENDER_OFFER: what is accepted at most, of all holders; null without bound. */
  acceptedQuantityMax: field.nullable(Quantity.field),
});

export type ActionTerms = ValueOf<typeof terms>;

const announcement = field.record('Announcement', {
  actionType: field.oneOf('ActionType', actionTypes),
  symbol: field.text<InstrumentSymbol>(),
  terms,
  /** From its open on, whoever buys is not entitled. */
  exDate: field.date(),
  recordDate: field.nullable(field.date()),
  /** When cash is paid; null where none is. */
  paymentDate: field.nullable(field.date()),
  /** When shares move, at the open; of cash dividends the payment date. */
  effectiveDate: field.date(),
  /** RIGHTS_ISSUE, TENDER_OFFER: the last date on which holders may choose; null otherwise. */
  electionDeadline: field.nullable(field.date()),
  /** What becomes of holders that have not chosen; null where there is no choice. */
  defaultOption: field.nullable(field.oneOf('ElectionOption', ['EXERCISE', 'TENDER', 'NO_ACTION'])),
  /** Two axes of ISO 20022's processing status: only what is complete and confirmed is paid. */
  completeness: field.oneOf('Completeness', ['PRELIMINARY', 'COMPLETE']),
  confirmation: field.oneOf('Confirmation', ['UNCONFIRMED', 'CONFIRMED']),
  source: field.text(),
  /** What the source calls this announcement; null where it gives it no name. */
  sourceReference: field.nullable(field.text()),
});

/** What a source says of an action. */
export type Announcement = ValueOf<typeof announcement>;

export type ElectionOption = NonNullable<Announcement['defaultOption']>;

const totals = field.record('ActionTotals', {
  /** Accounts that were entitled. */
  accounts: field.integer(),
  /** The sum of the eligible quantities; short positions count against it. */
  eligible: Quantity.field,
  gross: Money.field,
  tax: Money.field,
  /** Cash to holders: net of tax, cash in lieu and prices received, less what they paid. */
  cash: Money.field,
  /** Shares to holders, of the instrument that the action gives; negative for those taken without any. */
  shares: Quantity.field,
});

/** What an action has come to, over all accounts, in the accounts' currency. */
export type ActionTotals = ValueOf<typeof totals>;

// The life of an action: one stream. A version is an announcement: the first, and each amendment.

const ActionAnnounced = eventType('ActionAnnounced', {
  announcement,
  /** What the client called its request; null without. */
  idempotencyKey: field.nullable(field.text()),
});

/** A later announcement in place of the one before: from now on this is the head. */
const ActionAmended = eventType('ActionAmended', {
  /** From 2. */
  version: field.integer(),
  announcement,
  reason: field.text(),
});

const ActionCancelled = eventType('ActionCancelled', {
  /** The issuer withdrew the action, or the source its announcement. */
  kind: field.oneOf('CancellationKind', ['WITHDRAWN', 'CANCELLED']),
  reason: field.text(),
});

/** A worker has taken a version up. What was looked up for it is in the terms, so that it is the same for all. */
const ActionProcessingStarted = eventType('ActionProcessingStarted', {
  version: field.integer(),
  /** From 1, and from 1 again after a retry. */
  attempt: field.integer(),
  terms,
});

/** How far the postings have come: to the accounts up to and with this one, in the order of their ids. */
const ActionProgressed = eventType('ActionProgressed', {
  version: field.integer(),
  throughAccount: field.text(),
  totals,
});

const ActionCompleted = eventType('ActionCompleted', { version: field.integer(), totals });

/** An attempt failed. After the last of them the action waits for somebody to look at it. */
const ActionAttemptFailed = eventType('ActionAttemptFailed', {
  version: field.integer(),
  attempt: field.integer(),
  code: field.text(),
  error: field.text(),
  /** Whether no attempt follows by itself. */
  last: field.flag(),
});

/** What had been posted for a version is taken back: the action was cancelled, or its next version is not due. */
const ActionReversed = eventType('ActionReversed', {
  version: field.integer(),
  totals,
});

/** Someone looks at an action that failed. */
const ActionReviewAssigned = eventType('ActionReviewAssigned', { assignee: field.text() });

const ActionReviewNoted = eventType('ActionReviewNoted', { note: field.text() });

/** It is to be tried again, from the first attempt. */
const ActionRetried = eventType('ActionRetried', { reason: field.text() });

/** Nothing more is to be done about the failure. */
const ActionReviewResolved = eventType('ActionReviewResolved', { reason: field.text() });

/** What the custodian says it holds or pays for all accounts; a later one replaces it. */
const CustodianTotalStated = eventType('CustodianTotalStated', {
  custodian: field.text(),
  /** Null where it says nothing of it. */
  eligible: field.nullable(Quantity.field),
  cash: field.nullable(Money.field),
  shares: field.nullable(Quantity.field),
});

export const corporateActionEventTypes = [
  ActionAnnounced,
  ActionAmended,
  ActionCancelled,
  ActionProcessingStarted,
  ActionProgressed,
  ActionCompleted,
  ActionAttemptFailed,
  ActionReversed,
  ActionReviewAssigned,
  ActionReviewNoted,
  ActionRetried,
  ActionReviewResolved,
  CustodianTotalStated,
];

/** A bookmark: holdings that were recorded up to there have been looked at for what they entitle to. */
const HoldingsReviewed = eventType('HoldingsReviewed', { throughPosition: field.integer() });

export const holdingsReviewEventTypes = [HoldingsReviewed];

export type HoldingsReviewEvent = EventOf<typeof HoldingsReviewed>;

export const holdingsReviewStream = streamId('holdings-review');

export type CorporateActionEvent = EventOf<(typeof corporateActionEventTypes)[number]>;

/** For the accounts, which keep the terms by which they were posted to. */
export const actionTermsField = terms;

const prefix = 'corporate-action-';

export function corporateActionStream(id: ActionId): StreamId {
  return streamId(prefix + id);
}

/** The action that a stream is named after. */
export function actionOfStream(stream: StreamId): ActionId {
  return stream.slice(prefix.length) as ActionId;
}
