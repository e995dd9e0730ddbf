import type { Rejection } from '../ledger/describe-rejection.ts';

export type { Rejection } from '../ledger/describe-rejection.ts';

/** What a code means to a caller: one entry for each, and one HTTP status. */
export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  /** What the caller can do about it. */
  readonly advice: string;
  /** Seconds after which the same request may succeed as it is. */
  readonly retryAfter?: number;
}

/**
 * The catalogue of errors. The first part answers the domain's rejections, and does not compile when one
 * of them is missing; the second is the protocol's own. `docs/reference/errors.md` is made from it.
 */
const rejections: Readonly<Record<Rejection['code'], ErrorEntry>> = {
  ACCOUNT_UNKNOWN: error(
    404,
    'No such account',
    'Check the account id, or open the account first.',
  ),
  ACCOUNT_ALREADY_OPEN: error(
    409,
    'The account exists already',
    'Use another accountId, or leave it out and one is made.',
  ),
  TRADE_UNKNOWN: error(
    404,
    'No such trade',
    'Check the trade id: it is unique within its account.',
  ),
  TRADE_ALREADY_CANCELLED: error(
    409,
    'The trade was cancelled before',
    'Nothing is left to do; a new trade needs a trade id of its own.',
  ),
  CURRENCY_UNKNOWN: error(422, 'No such currency', 'Use an active code of ISO 4217, such as USD.'),
  INITIAL_BALANCE_NEGATIVE: error(
    422,
    'The initial balance is negative',
    'Open the account with zero or more.',
  ),
  QUANTITY_NOT_POSITIVE: error(
    422,
    'The quantity is not above zero',
    'Send a positive quantity; the side says whether it is bought or sold.',
  ),
  PRICE_NOT_POSITIVE: error(422, 'A price is not above zero', 'Send prices above zero.'),
  FEES_NEGATIVE: error(
    422,
    'The fees are negative',
    'Send zero or more; book a rebate as a deposit.',
  ),
  AMOUNT_NOT_POSITIVE: error(
    422,
    'The amount is not above zero',
    'Send a positive amount; which way it goes is said elsewhere.',
  ),
  AMOUNT_TOO_LARGE: error(422, 'The amount is too large', 'Check it for a misplaced point.'),
  AMOUNT_TOO_PRECISE: error(
    422,
    'The amount has too many decimals',
    "Round it to the minor unit of the account's currency.",
  ),
  TRADE_DATE_IN_FUTURE: error(
    422,
    'The trade date lies in the future',
    'Send the trade on its date; dates are those of the business time zone.',
  ),
  EFFECTIVE_DATE_IN_FUTURE: error(
    422,
    'The effective date lies in the future',
    'Send it on its date; dates are those of the business time zone.',
  ),
  TRADE_BEFORE_ACCOUNT_OPENED: error(
    422,
    'The trade date lies before the opening of the account',
    'Check the date, or open the account as of an earlier day.',
  ),
  EFFECTIVE_BEFORE_ACCOUNT_OPENED: error(
    422,
    'The effective date lies before the opening of the account',
    'Check the date, or open the account as of an earlier day.',
  ),
  TRADE_ALREADY_BOOKED: error(
    409,
    'The trade id is taken',
    'If this is the same trade, it is booked already; otherwise use another tradeId.',
  ),
  LIMIT_INVALID: error(422, 'A limit is not above zero', 'Send limits above zero.'),
  ACCOUNT_CLOSED: error(409, 'The account is closed', 'Closing is final: use another account.'),
  ACCOUNT_SUSPENDED: error(409, 'The account is suspended', 'Reinstate the account first.'),
  INSTRUMENT_UNKNOWN: error(
    404,
    'No such instrument',
    'Check the symbol, or list the instrument first.',
  ),
  CURRENCY_MISMATCH: error(
    422,
    'Account and instrument are in different currencies',
    "Trade it in an account in the instrument's currency.",
  ),
  INSTRUMENT_DELISTED: error(409, 'The instrument is delisted', 'Delisting is final.'),
  INSTRUMENT_HALTED: error(409, 'Trading is halted', 'Try again when trading has been resumed.'),
  QUANTITY_NOT_IN_LOTS: error(
    422,
    'The quantity is not a multiple of the lot size',
    'Round it to whole lots.',
  ),
  PRICE_OFF_TICK: error(
    422,
    'The price is not a multiple of the tick size',
    'Round it to whole ticks.',
  ),
  PRICE_OUTSIDE_COLLAR: error(
    422,
    'The price is too far from the last price',
    "Check the price; if it is right, mark a newer last price or widen the account's collar.",
  ),
  ORDER_NOTIONAL_EXCEEDED: error(
    422,
    'The order is larger than the account may place',
    'Split the order, or raise orderNotionalMax.',
  ),
  POSITION_LIMIT_EXCEEDED: error(
    422,
    'The position would be larger than the account may hold',
    'Trade less, or raise positionQuantityMax.',
  ),
  CONCENTRATION_EXCEEDED: error(
    422,
    'Too much of the portfolio would be in one instrument',
    'Trade less, or raise concentrationPercentMax.',
  ),
  INSUFFICIENT_BUYING_POWER: error(
    422,
    'There is not enough cash',
    'Deposit cash first, or buy less.',
  ),
  INSUFFICIENT_HOLDING: error(
    422,
    'More would be sold than is held',
    'Sell at most what was held on the trade date, or use an account that may sell short.',
  ),
  OVERSELLS_LATER_TRADE: error(
    422,
    'A later sale would sell more than was held',
    'Cancel or correct the later trade first.',
  ),
  LOTS_UNDER_AVERAGE_COST: error(
    422,
    'An account at average cost has no lots to name',
    'Leave lots out.',
  ),
  LOT_UNKNOWN: error(
    422,
    'No such lot',
    'Name lots by the trade ids that opened them, as the position lists them.',
  ),
  LOT_QUANTITY_EXCEEDED: error(422, 'The lot is smaller than that', 'Name more lots.'),
  LOT_QUANTITIES_UNEQUAL: error(
    422,
    'The named lots do not add up to the trade',
    'Let the quantities of the lots sum to that of the trade.',
  ),
  LOT_NAMED_BY_LATER_TRADE: error(
    422,
    'A later trade needs this lot',
    'Cancel or correct the later trade first.',
  ),
  ACCOUNT_NOT_EMPTY: error(
    409,
    'The account still holds something',
    'Sell the positions and withdraw the cash first.',
  ),
  ELECTION_CLOSED: error(
    422,
    'The time for choosing is over',
    'What was chosen by the deadline counts, and the default for the rest.',
  ),
  ELECTION_EXCEEDS_HOLDING: error(
    422,
    'There is less to choose for',
    'Choose for no more than is held and not tendered elsewhere, or than is offered for it.',
  ),
  INSUFFICIENT_SETTLED_CASH: error(
    422,
    'There is not enough settled cash',
    'Withdraw less, or wait until sales have settled.',
  ),
  INSTRUMENT_ALREADY_LISTED: error(
    409,
    'The instrument is listed already',
    'Amend it in place of listing it again.',
  ),
  LOT_SIZE_NOT_POSITIVE: error(422, 'The lot size is not above zero', 'Send a positive lotSize.'),
  TICK_SIZE_NOT_POSITIVE: error(
    422,
    'The tick size is not above zero',
    'Send a positive tickSize.',
  ),
  ISIN_INVALID: error(
    422,
    'The ISIN is not one',
    'Check it against ISO 6166: two letters, nine letters or digits, and the check digit.',
  ),
  PRICE_DATE_IN_FUTURE: error(
    422,
    'The price is of a day to come',
    'Send it on its date; dates are those of the business time zone.',
  ),
  VOLUME_NEGATIVE: error(422, 'The volume is negative', 'Send zero or more.'),
  BAR_INCONSISTENT: error(
    422,
    'The prices of the day contradict each other',
    'Let low be the lowest and high the highest of the four.',
  ),
  MARK_OUT_OF_ORDER: error(
    409,
    'A newer last price is known',
    'Late marks are of no use: go on with the next one.',
  ),
  TRADE_MATURED: error(
    400,
    'The trade has matured',
    'Send a maturity date that is not before the present business date.',
  ),
  TRADE_VERSION_LOWER: error(
    400,
    'A higher version is stored',
    'Send the version that is stored to replace it, or a higher one to amend the trade.',
  ),
  ACTION_UNKNOWN: error(404, 'No such event', 'Check the id: it came with the announcement.'),
  ACTION_ALREADY_ANNOUNCED: error(
    409,
    'The event was announced before',
    'Amend it in place of announcing it again.',
  ),
  ACTION_CANCELLED: error(
    409,
    'The event is cancelled',
    'Cancelling is final: if it takes place after all, announce it anew.',
  ),
  ACTION_VERSION_STALE: error(
    409,
    'The event was amended since',
    'Read it again, and send the changes with its version as expected_version if they still hold.',
  ),
  ACTION_IDENTITY_FIXED: error(
    422,
    'Type and symbol of an event never change',
    'Cancel the event, and announce the right one.',
  ),
  TERM_NOT_FOR_TYPE: error(
    422,
    'The term is not for events of this type',
    'Leave it out; the contract of each type is at /docs.',
  ),
  TERM_MISSING: error(
    422,
    'A term is missing',
    'Send it; which terms an event of each type needs is said at /docs.',
  ),
  RATIO_NOT_POSITIVE: error(
    422,
    'A ratio or rate is not above zero',
    'Send both sides of a ratio above zero, as new:old, such as "7:1".',
  ),
  PERCENT_OUT_OF_RANGE: error(422, 'A percentage is not between 0 and 100', 'Send 15 for 15 %.'),
  SYMBOL_NOT_ANOTHER: error(
    422,
    'The other symbol is the symbol of the event itself',
    'Send the symbol of the other instrument.',
  ),
  CURRENCY_NOT_THE_INSTRUMENTS: error(
    422,
    'The event is in another currency than the instrument',
    'Only dividends may be: send the amount in the currency of the instrument.',
  ),
  EXCHANGE_RATE_NOT_NEEDED: error(
    422,
    'There is nothing to exchange',
    'Leave exchange_rate out, or send the currency that the amount is in.',
  ),
  EX_DATE_NOT_BUSINESS_DAY: error(
    422,
    'The market is closed on the ex-date',
    'Check the date: from its open on, buyers are not entitled.',
  ),
  PAYMENT_DATE_MISSING: error(
    422,
    'The payment date is missing',
    'Send payment_date; a dividend whose payment date is open can be announced once it is known.',
  ),
  RECORD_BEFORE_EX: error(
    422,
    'The record date lies before the ex-date',
    'Check both: only where 25 % or more is distributed may the ex-date come later (special dividends, ' +
      'spin-offs, splits and stock dividends of that size).',
  ),
  PAYMENT_BEFORE_RECORD: error(
    422,
    'The payment date lies before the record date',
    'Check both: who is paid is known at the close of the record date.',
  ),
  PAYMENT_BEFORE_EX: error(
    422,
    'The payment date lies before the ex-date',
    'Check both: until the ex-date trades change who is entitled.',
  ),
  EFFECTIVE_NOT_PAYMENT_DATE: error(
    422,
    'A dividend takes effect on its payment date',
    'Leave effective_date out.',
  ),
  EFFECTIVE_BEFORE_EX: error(
    422,
    'The effective date lies before the ex-date',
    'Check both: until the ex-date trades change who is entitled.',
  ),
  ELECTION_DEADLINE_MISSING: error(
    422,
    'The election deadline is missing',
    'Send election_deadline: the last date on which holders may choose.',
  ),
  ELECTION_DEADLINE_NOT_BEFORE_EFFECTIVE: error(
    422,
    'Holders could choose until after it took effect',
    'Let election_deadline lie before effective_date, which defaults to payment_date, else to ex_date.',
  ),
  NO_ELECTION: error(
    422,
    'Holders have no choice in events of this type',
    'Leave election_deadline and default_option out, and send no elections.',
  ),
  DEFAULT_OPTION_NOT_FOR_TYPE: error(
    422,
    'Holders have no such option in events of this type',
    'Send EXERCISE or NO_ACTION for a rights issue, TENDER or NO_ACTION for a tender offer.',
  ),
  ACTION_NOT_FAILED: error(
    409,
    'The event does not wait for a review',
    'List those that do: /api/v1/events/dead-letters.',
  ),
  ACTION_REVIEW_RESOLVED: error(
    409,
    'The review is closed',
    'Amend or cancel the event if something is to be done about it after all.',
  ),
  REPORT_LIMIT: error(
    429,
    'You have asked for as many reports as an hour allows',
    'Ask again after as many seconds as Retry-After says.',
  ),
  REPORT_UNKNOWN: error(
    404,
    'No such report',
    'Check the id: reports that others asked for are theirs alone.',
  ),
  REPORT_NOT_RUNNING: error(
    409,
    'The report has come to its end',
    'Nothing is left to call off; its file goes by itself.',
  ),
  USER_UNKNOWN: error(404, 'No such user', 'Check the user id, or list the users.'),
  LOGIN_FAILED: error(
    401,
    'Name and password do not belong together',
    'Check both. After five failures each next try has to wait; ask an administrator if it persists.',
  ),
  HOLD_UNKNOWN: error(
    404,
    'No such legal hold',
    'Check the id: /api/v1/retention/holds lists them.',
  ),
  SUBJECT_UNKNOWN: error(
    404,
    'Nothing is recorded of it',
    'Name the stream of an account or a user that exists, such as account-ACC-1001.',
  ),
  SUBJECT_ERASED: error(409, 'It is erased', 'Erasing is final: there is nothing left to be held.'),
  LEGAL_HOLD: error(
    409,
    'A legal hold forbids it',
    'Wait until whoever placed the hold releases it.',
  ),
  RETENTION_IN_FORCE: error(
    409,
    'It has to be kept',
    'Try again once the time is over that the retention policy asks for.',
  ),
  USER_ERASED: error(409, 'The user is erased', 'Erasing is final: register the person anew.'),
  PASSWORD_OUTDATED: error(
    409,
    'The password was changed meanwhile',
    'Read again how things are, and repeat the request if it still holds.',
  ),
  LAST_ADMIN: error(
    409,
    'Nobody would be administrator any more',
    'Make another active user administrator first.',
  ),
  ACCOUNTS_NOT_FOR_ROLE: error(
    422,
    'Only investors have accounts of their own',
    'Give the role INVESTOR along, or leave the accounts out; take accounts away before the role.',
  ),
  API_KEY_UNKNOWN: error(404, 'No such API key', 'Check the key id, or list the keys.'),
  API_KEY_REVOKED: error(409, 'The API key is revoked', 'Revoking is final: create another key.'),
  CLIENT_INVALID: error(
    401,
    'The client is not known',
    'Send the key id as client_id and the whole API key as client_secret.',
  ),
};

const protocol = {
  REQUEST_INVALID: error(
    400,
    'The request breaks its contract',
    'Correct each field that "errors" names; the contract is at /docs.',
  ),
  MALFORMED_JSON: error(400, 'The body is not JSON', 'Send one JSON object in UTF-8.'),
  JSON_UNSAFE: error(
    400,
    'The body is JSON that readers would not read alike',
    'Send each key once, no key "__proto__", and not too many levels of nesting.',
  ),
  MALFORMED_HTTP: error(400, 'The request is not HTTP/1.1', 'Check the client that wrote it.'),
  URL_MALFORMED: error(400, 'The URL is malformed', 'Percent-encode it as RFC 3986 says.'),
  HEADER_INVALID: error(400, 'A header has a value that is not allowed', 'Correct or drop it.'),
  HEADERS_TOO_LARGE: error(431, 'The headers are too large', 'Send fewer or shorter headers.'),
  CURSOR_INVALID: error(
    400,
    'The cursor is not one of this list',
    'Send "nextCursor" of the page before, with the same filters, or begin without a cursor.',
  ),
  RANGE_INVALID: error(400, 'The range is not one', 'Let "from" be at or before "to".'),
  RANGE_TOO_LONG: error(400, 'The range is too long', 'Ask for it in parts.'),
  AS_OF_INVALID: error(
    400,
    'The moment asked for lies in the future',
    'Ask for today or earlier, or leave it out.',
  ),
  POSITION_BEYOND_LOG: error(
    400,
    'The log does not reach that position',
    'Send a position that a confirmation gave.',
  ),
  POSITION_NOT_REACHED: error(
    503,
    'The read models are not there yet',
    'Ask again in a moment.',
    1,
  ),
  UNAUTHENTICATED: error(
    401,
    'Nobody has said who sends this',
    'Log in at /api/auth/login, and send the token: Authorization: Bearer …',
  ),
  TOKEN_INVALID: error(
    401,
    'The token is none that is taken here',
    'Log in again, or ask for another API key.',
  ),
  TOKEN_EXPIRED: error(
    401,
    'The token is past its time',
    'Send the refresh token to /api/auth/refresh, or log in again.',
  ),
  FORBIDDEN: error(
    403,
    'You may not do this',
    'Who may is at /docs; ask an administrator for the role or the scope if you should.',
  ),
  REPORT_TOO_LARGE: error(
    422,
    'The report is too long to be answered at once',
    'Ask for it as a job: POST /api/v1/reports; or for a shorter time.',
  ),
  REPORT_NOT_READY: error(
    409,
    'The report has no file',
    'Ask for the report itself until it is COMPLETED; what has failed or was cancelled never gets one.',
  ),
  REPORT_EXPIRED: error(
    410,
    'The file of the report is gone',
    'Ask for the report anew: it can be made again from the log.',
  ),
  TOO_MANY_REQUESTS: error(
    429,
    'Too many requests',
    'Send it again after as many seconds as Retry-After says.',
  ),
  AUDIT_UNAVAILABLE: error(
    503,
    'Nothing is done that can not be recorded',
    'Nothing was done. Send it again later.',
    5,
  ),
  LOGIN_LOCKED: error(
    429,
    'Too many failed logins',
    'Wait for as many seconds as Retry-After says, then try again.',
  ),
  REFRESH_TOKEN_INVALID: error(
    401,
    'The refresh token is none that is taken here',
    'Log in again. A refresh token is good for one use; one that comes twice ends its session.',
  ),
  PASSWORD_WEAK: error(
    422,
    'The password is too weak',
    'Use at least 12 characters that are hard to guess, such as four words that have nothing in common.',
  ),
  USERNAME_TAKEN: error(409, 'The name is taken', 'Choose another: names are given once.'),
  GRANT_UNSUPPORTED: error(
    400,
    'Tokens are given for nothing of this kind',
    'Use grant_type=client_credentials here; users log in at /api/auth/login.',
  ),
  PROVIDER_UNKNOWN: error(404, 'No such identity provider', 'Use a name from the settings.'),
  PROVIDER_LOGIN_FAILED: error(
    401,
    'The login by way of the provider failed',
    'Begin again at /api/auth/oidc/start; an administrator has to know the user, or the provider its role.',
  ),
  PROVIDER_UNAVAILABLE: error(
    503,
    'The identity provider does not answer',
    'Try again later, or log in with name and password.',
    5,
  ),
  ENTRY_UNKNOWN: error(
    404,
    'The record has no such entry',
    'Ask for a position that a confirmation gave, in a tree that has it.',
  ),
  NOT_SEALED_YET: error(503, 'It is not sealed yet', 'Ask again in a moment.', 1),
  RECORD_ALTERED: error(
    500,
    'The record was changed behind the program',
    'Nothing of it is shown. Keep the files as they are, run a full check, and compare with a backup.',
  ),
  CHECK_UNDER_WAY: error(
    409,
    'The record is being checked',
    'Wait for the outcome: it is listed at /api/v1/audit/checks.',
  ),
  ROUTE_UNKNOWN: error(404, 'No such resource', 'The resources are listed at /docs.'),
  REQUEST_UNKNOWN: error(
    404,
    'No such request',
    'Check the request id. Settled requests can be asked for as long as "expires_at" said.',
  ),
  TRADE_RECORD_UNKNOWN: error(
    404,
    'No such trade was captured',
    'Check the trade id. Records that were only refused are not captured: their requests say why.',
  ),
  EVENT_TYPE_UNKNOWN: error(
    400,
    'No such type of event',
    'Use DIVIDEND, STOCK_DIVIDEND, STOCK_SPLIT, MERGER, SPIN_OFF, RIGHTS_ISSUE, TENDER_OFFER, ' +
      'SYMBOL_CHANGE or RETURN_OF_CAPITAL.',
  ),
  EVENT_KEY_USED: error(
    409,
    'The idempotency_key came with another event',
    'If it is the same event, it is announced already; otherwise make a new key.',
  ),
  DEAD_LETTER_UNKNOWN: error(404, 'No such dead letter', 'List those that there are.'),
  DEAD_LETTER_RESOLVED: error(
    409,
    'The dead letter was dealt with in another way',
    'Look at its resolution, and at its request.',
  ),
  PRICE_UNKNOWN: error(404, 'There is no such price', 'Record it first.'),
  POSITION_UNKNOWN: error(404, 'No such position', 'Check the symbol, or the moment.'),
  METHOD_NOT_ALLOWED: error(
    405,
    'The resource does not take this method',
    'Use one that the Allow header names.',
  ),
  REQUEST_TIMEOUT: error(408, 'The request took too long to arrive', 'Send it in one go.'),
  BODY_TOO_LARGE: error(
    413,
    'The body is too large',
    'Send less at once, or stream many commands to /api/v1/bulk/commands.',
  ),
  CSV_INVALID: error(
    400,
    'The line does not fit its columns',
    'The first line names the columns; then come as many cells as there are columns, quoted as RFC 4180 says.',
  ),
  LINE_TOO_LONG: error(413, 'The line is too long', 'Send one command a line.'),
  MEDIA_TYPE_UNSUPPORTED: error(
    415,
    'The body is of another media type than the resource takes',
    'Say Content-Type: application/json, or application/x-ndjson for bulk commands.',
  ),
  VERSION_STALE: error(
    412,
    'Something has changed since',
    'Read it again, and decide with the version that its ETag gives.',
  ),
  IDEMPOTENCY_KEY_INVALID: error(
    400,
    'The idempotency key is not a UUID',
    'Send one UUID in Idempotency-Key, such as "8e03978e-40d5-43e8-bc93-6894a57f9324".',
  ),
  IDEMPOTENCY_IN_FLIGHT: error(
    409,
    'A request with this idempotency key is under way',
    'Ask again in a moment for its answer.',
    1,
  ),
  IDEMPOTENCY_KEY_REUSED: error(
    422,
    'The idempotency key was used for another request',
    'Make a new key for each new request, and keep it for retries only.',
  ),
  CONTENTION: error(503, 'Others kept changing it', 'Nothing was done. Send the request again.', 1),
  OVERLOADED: error(503, 'The server is overloaded', 'Nothing was done. Send it again later.', 2),
  SHUTTING_DOWN: error(503, 'The server is stopping', 'Nothing was done. Send it again later.', 5),
  STORAGE_UNAVAILABLE: error(
    503,
    'The store does not answer',
    'Whether the request took effect is unknown: send it again with the same Idempotency-Key.',
    5,
  ),
  QUEUE_UNAVAILABLE: error(
    503,
    'The queue does not answer',
    'Whether the request was accepted is unknown: send it again with the same Idempotency-Key.',
    5,
  ),
  KEYS_UNAVAILABLE: error(
    503,
    'The keys are out of reach',
    'Nothing was changed: send it again in a moment. What holds nothing personal goes on meanwhile.',
    30,
  ),
  READ_MODELS_UNAVAILABLE: error(
    503,
    'The read models do not answer',
    'Ask again in a moment; commands are taken all the same.',
    5,
  ),
  INTERNAL: error(
    500,
    'Something went wrong here',
    'It is recorded under the request id of X-Request-Id; report that if it persists.',
  ),
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof rejections | keyof typeof protocol;

export const catalogue: Readonly<Record<ErrorCode, ErrorEntry>> = { ...rejections, ...protocol };

/** What can be wrong with one field: the codes inside a REQUEST_INVALID. */
export const fieldErrors = {
  MISSING: 'The field is required.',
  UNKNOWN_FIELD: 'The resource has no such field. Nothing unknown is ignored.',
  WRONG_TYPE: 'The value is of another JSON type than the contract says.',
  INVALID_VALUE: 'The value is of the right type, but not one that the contract allows.',
} as const;

export type FieldErrorCode = keyof typeof fieldErrors;

function error(status: number, title: string, advice: string, retryAfter?: number): ErrorEntry {
  return retryAfter === undefined
    ? { status, title, advice }
    : { status, title, advice, retryAfter };
}
