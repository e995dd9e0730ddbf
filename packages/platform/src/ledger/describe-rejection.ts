import { formatInstant } from '@counterfoil/event-store';
import type { AccountRejection } from '../domain/accounts/rejections.ts';
import type { ApiKeyRejection } from '../domain/api-keys/api-key.ts';
import type { AnnouncementRejection } from '../domain/corporate-actions/commands.ts';
import type { InstrumentRejection } from '../domain/instruments/instrument.ts';
import type { PricesRejection } from '../domain/instruments/prices.ts';
import type { ReportRejection } from '../domain/reports/reports.ts';
import type { RetentionRejection } from '../domain/retention/retention.ts';
import type { RecordRejection } from '../domain/trade-records/trade-record.ts';
import type { UserRejection } from '../domain/users/user.ts';

/** Every refusal that the domain knows. */
export type Rejection =
  | AccountRejection
  | AnnouncementRejection
  | InstrumentRejection
  | PricesRejection
  | RecordRejection
  | RetentionRejection
  | ReportRejection
  | UserRejection
  | ApiKeyRejection;

type Described = {
  readonly [Code in Rejection['code']]: (
    rejection: Extract<Rejection, { readonly code: Code }>,
    subject: string,
  ) => string;
};

/** What happened, in a sentence with the values. `subject` is the account or symbol that was spoken to. */
export function describeRejection(rejection: Rejection, subject: string): string {
  // Which function belongs to which code is checked where the table is written.
  const describe = sentences[rejection.code] as (rejection: Rejection, subject: string) => string;
  return describe(rejection, subject);
}

const sentences: Described = {
  ACCOUNT_UNKNOWN: (_, id) => `There is no account ${id}.`,
  ACCOUNT_ALREADY_OPEN: (_, id) => `Account ${id} was opened before.`,
  TRADE_UNKNOWN: ({ tradeId }, id) => `Account ${id} has no trade ${tradeId}.`,
  TRADE_ALREADY_CANCELLED: ({ tradeId }, id) => `Trade ${tradeId} of account ${id} is cancelled.`,
  CURRENCY_UNKNOWN: ({ currency }) => `"${currency}" is not an active currency.`,
  INITIAL_BALANCE_NEGATIVE: ({ actual }) => `The initial balance is ${actual}.`,
  QUANTITY_NOT_POSITIVE: (rejection) => notPositive('quantity', rejection),
  PRICE_NOT_POSITIVE: (rejection) =>
    'actual' in rejection ? notPositive('price', rejection) : 'A price is zero or less.',
  FEES_NEGATIVE: ({ actual }) => `The fees are ${actual}.`,
  AMOUNT_NOT_POSITIVE: (rejection) => notPositive('amount', rejection),
  AMOUNT_TOO_LARGE: ({ limit, actual }) => `${actual} is more than ${limit}.`,
  AMOUNT_TOO_PRECISE: ({ decimalsMax, actual }) =>
    `${actual} has more than ${decimalsMax} decimals.`,
  TRADE_DATE_IN_FUTURE: ({ tradeDate, today }) =>
    `The trade is dated ${tradeDate}, and today is ${today}.`,
  EFFECTIVE_DATE_IN_FUTURE: ({ effectiveDate, today }) =>
    `It is dated ${effectiveDate}, and today is ${today}.`,
  TRADE_BEFORE_ACCOUNT_OPENED: ({ tradeDate, openedOn }, id) =>
    `The trade is dated ${tradeDate}, and account ${id} was opened on ${openedOn}.`,
  EFFECTIVE_BEFORE_ACCOUNT_OPENED: ({ effectiveDate, openedOn }, id) =>
    `It is dated ${effectiveDate}, and account ${id} was opened on ${openedOn}.`,
  TRADE_ALREADY_BOOKED: ({ tradeId }, id) => `Account ${id} has a trade ${tradeId} already.`,
  LIMIT_INVALID: ({ limit, actual }) => `${limit} is ${actual}.`,
  ACCOUNT_CLOSED: (_, id) => `Account ${id} is closed.`,
  ACCOUNT_SUSPENDED: (_, id) => `Account ${id} is suspended.`,
  INSTRUMENT_UNKNOWN: (rejection, subject) =>
    `There is no instrument ${'symbol' in rejection ? rejection.symbol : subject}.`,
  CURRENCY_MISMATCH: ({ limit, actual }) =>
    `The account is in ${limit} and the instrument in ${actual}.`,
  INSTRUMENT_DELISTED: ({ symbol }) => `${symbol} is delisted.`,
  INSTRUMENT_HALTED: ({ symbol }) => `Trading in ${symbol} is halted.`,
  QUANTITY_NOT_IN_LOTS: ({ limit, actual }) =>
    `${actual} is not a multiple of the lot of ${limit}.`,
  PRICE_OFF_TICK: ({ limit, actual }) => `${actual} is not a multiple of the tick of ${limit}.`,
  PRICE_OUTSIDE_COLLAR: ({ limit, actual, lastPrice }) =>
    `${actual} is more than ${limit} % away from the last price of ${lastPrice}.`,
  ORDER_NOTIONAL_EXCEEDED: ({ limit, actual }) =>
    `The order is for ${actual}; at most ${limit} is allowed.`,
  POSITION_LIMIT_EXCEEDED: ({ limit, actual }) =>
    `The position would be ${actual}; at most ${limit} is allowed.`,
  CONCENTRATION_EXCEEDED: ({ limit, actual }) =>
    `${actual} % of the portfolio would be in the instrument; at most ${limit} % is allowed.`,
  INSUFFICIENT_BUYING_POWER: ({ limit, actual }) => `It takes ${actual} and there is ${limit}.`,
  INSUFFICIENT_HOLDING: ({ limit, actual }) => `${actual} would be sold and ${limit} is held.`,
  OVERSELLS_LATER_TRADE: ({ laterTradeId, laterTradeDate, limit, actual }) =>
    `Trade ${laterTradeId} of ${laterTradeDate} sells ${actual}, and only ${limit} would be held then.`,
  LOTS_UNDER_AVERAGE_COST: (_, id) => `Account ${id} keeps its positions at average cost.`,
  LOT_UNKNOWN: ({ lotId }) => `There is no open lot ${lotId}.`,
  LOT_QUANTITY_EXCEEDED: ({ lotId, limit, actual }) =>
    `${actual} of lot ${lotId} is named, and ${limit} is left of it.`,
  LOT_QUANTITIES_UNEQUAL: ({ limit, actual }) =>
    `The lots sum to ${actual}, and the trade is for ${limit}.`,
  LOT_NAMED_BY_LATER_TRADE: ({ laterTradeId, lotId }) =>
    `Trade ${laterTradeId} closes lot ${lotId}, which would not be there any more.`,
  ACCOUNT_NOT_EMPTY: ({ cash, symbols }, id) =>
    `Account ${id} has ${cash} in cash and holds ${symbols.length === 0 ? 'nothing else' : symbols.join(', ')}.`,
  ELECTION_CLOSED: ({ deadline, today }) => `It closed on ${deadline}, and today is ${today}.`,
  ELECTION_EXCEEDS_HOLDING: ({ limit, actual }) =>
    `${actual} was chosen for, and ${limit} is there to choose for.`,
  INSUFFICIENT_SETTLED_CASH: ({ limit, actual }) =>
    `${actual} was asked for, and ${limit} can be withdrawn.`,
  INSTRUMENT_ALREADY_LISTED: ({ symbol }) => `${symbol} was listed before.`,
  LOT_SIZE_NOT_POSITIVE: () => 'The lot size is zero or less.',
  TICK_SIZE_NOT_POSITIVE: () => 'The tick size is zero or less.',
  ISIN_INVALID: ({ isin }) => `"${isin}" is not an ISIN.`,
  PRICE_DATE_IN_FUTURE: ({ date, today }) => `It is dated ${date}, and today is ${today}.`,
  VOLUME_NEGATIVE: () => 'The volume is less than zero.',
  BAR_INCONSISTENT: ({ rule }) => `The rule is ${rule}.`,
  MARK_OUT_OF_ORDER: ({ lastMarkedAt }) => `The last price was marked at ${lastMarkedAt}.`,
  TRADE_MATURED: ({ maturityDate, today }, id) =>
    `Trade ${id} matures on ${maturityDate}, and today is ${today}.`,
  TRADE_VERSION_LOWER: ({ version, current }, id) =>
    `Trade ${id} is at version ${current}, and version ${version} came.`,
  ACTION_UNKNOWN: (_, id) => `There is no event ${id}.`,
  ACTION_ALREADY_ANNOUNCED: (_, id) => `Event ${id} was announced with other terms.`,
  ACTION_CANCELLED: (_, id) => `Event ${id} is cancelled.`,
  ACTION_VERSION_STALE: ({ expected, actual }, id) =>
    `Event ${id} is at version ${actual}, and the changes were made to version ${expected}.`,
  ACTION_IDENTITY_FIXED: ({ field }, id) => `Another ${field} was sent for event ${id}.`,
  TERM_NOT_FOR_TYPE: ({ term, actionType }) => `${actionType} has no ${term}.`,
  TERM_MISSING: ({ term, actionType }) => `${actionType} lacks ${term}.`,
  RATIO_NOT_POSITIVE: ({ term, actual }) => `${term} is ${actual}.`,
  PERCENT_OUT_OF_RANGE: ({ term, actual }) => `${term} is ${actual}.`,
  SYMBOL_NOT_ANOTHER: ({ term, symbol }) => `${term} is ${symbol}, as the symbol of the event is.`,
  CURRENCY_NOT_THE_INSTRUMENTS: ({ currency, instrumentCurrency }) =>
    `The event is in ${currency} and the instrument in ${instrumentCurrency}.`,
  EXCHANGE_RATE_NOT_NEEDED: ({ currency }) => `The amount is in ${currency}, as the instrument is.`,
  EX_DATE_NOT_BUSINESS_DAY: ({ exDate }) => `The ex-date ${exDate} is not a business day.`,
  PAYMENT_DATE_MISSING: () => 'The dividend has no payment date.',
  RECORD_BEFORE_EX: ({ recordDate, exDate }) =>
    `The record date is ${recordDate}, before the ex-date ${exDate}: it can't be by the rules of the market.`,
  PAYMENT_BEFORE_RECORD: ({ paymentDate, recordDate }) =>
    `The payment date is ${paymentDate}, before the record date ${recordDate}.`,
  PAYMENT_BEFORE_EX: ({ paymentDate, exDate }) =>
    `The payment date is ${paymentDate}, before the ex-date ${exDate}.`,
  EFFECTIVE_NOT_PAYMENT_DATE: ({ effectiveDate, paymentDate }) =>
    `The effective date is ${effectiveDate}, and the payment date ${paymentDate}.`,
  EFFECTIVE_BEFORE_EX: ({ effectiveDate, exDate }) =>
    `The effective date is ${effectiveDate}, before the ex-date ${exDate}.`,
  ELECTION_DEADLINE_MISSING: ({ actionType }) => `${actionType} has no election deadline.`,
  ELECTION_DEADLINE_NOT_BEFORE_EFFECTIVE: ({ electionDeadline, effectiveDate }) =>
    `The election deadline is ${electionDeadline}, and the effective date ${effectiveDate}.`,
  NO_ELECTION: ({ actionType }) => `${actionType} leaves holders no choice.`,
  DEFAULT_OPTION_NOT_FOR_TYPE: ({ actionType, option }) => `${actionType} has no option ${option}.`,
  ACTION_NOT_FAILED: ({ status }, id) => `Event ${id} is ${status}.`,
  ACTION_REVIEW_RESOLVED: (_, id) => `The review of event ${id} is closed.`,
  REPORT_LIMIT: ({ perHour, nextAt }) =>
    `${perHour} reports were asked for within an hour; the next may be from ${formatInstant(nextAt)} on.`,
  REPORT_UNKNOWN: (_, id) => `You asked for no report ${id}.`,
  REPORT_NOT_RUNNING: ({ status }, id) => `Report ${id} is ${status}.`,
  HOLD_UNKNOWN: (_, id) => `There is no legal hold ${id}.`,
  SUBJECT_UNKNOWN: ({ subject }) => `Nothing is recorded of ${subject}.`,
  SUBJECT_ERASED: ({ subject }) => `${subject} is erased.`,
  LEGAL_HOLD: ({ holdId }) => `It is under the legal hold ${holdId}.`,
  RETENTION_IN_FORCE: ({ until }) => `What is recorded of it has to be kept until ${until}.`,
  USER_UNKNOWN: (_, id) => `There is no user ${id}.`,
  LOGIN_FAILED: () => 'Name and password do not open anything.',
  USER_ERASED: (_, id) => `User ${id} is erased.`,
  PASSWORD_OUTDATED: (_, id) => `The password of user ${id} was changed meanwhile.`,
  LAST_ADMIN: (_, id) => `User ${id} is the last active administrator.`,
  ACCOUNTS_NOT_FOR_ROLE: (_, id) => `User ${id} is no investor, and would have accounts.`,
  API_KEY_UNKNOWN: (_, id) => `There is no API key ${id}.`,
  API_KEY_REVOKED: (_, id) => `API key ${id} is revoked.`,
  CLIENT_INVALID: () => 'There is no such client with that secret.',
};

/** The terms of corporate actions have names; elsewhere there is only one. */
function notPositive(
  name: string,
  fault: { readonly term?: string; readonly actual: string },
): string {
  return `${fault.term ?? `The ${name}`} is ${fault.actual}.`;
}
