import type { ErrorCode } from './errors.ts';

/** One request, as an HTTP client would write it. */
export interface Call {
  /** Method and path. */
  readonly request: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a text is sent as it is. */
  readonly body?: object | string;
}

/** How a code comes about: for readers of the reference, and run by the test that proves it. */
export interface ErrorExample {
  readonly given?: readonly Call[];
  readonly when: Call;
  /** What has to be the matter with the server or the network, where no request can bring it about. */
  readonly while?: string;
}

/** What the examples find there. */
export const exampleWorld: readonly Call[] = [
  post('/instruments', { symbol: 'AAPL', name: 'Apple Inc.', currency: 'USD' }),
  post('/instruments', { symbol: 'SAP', name: 'SAP SE', currency: 'EUR' }),
  put('/prices/AAPL/last', { price: '189.50', markedAt: '2026-11-20T14:30:00Z' }),
];

const onDay = (day: string) => ({ tradeDate: day });

function post(path: string, body: object | string, headers?: Call['headers']): Call {
  return { request: `POST /api/v1${path}`, body, ...(headers === undefined ? {} : { headers }) };
}

function put(path: string, body: object | string): Call {
  return { request: `PUT /api/v1${path}`, body };
}

function get(path: string): Call {
  return { request: `GET /api/v1${path}` };
}

/** What is about users and logins has another prefix. */
function identity(method: 'GET' | 'POST', path: string, body?: object): Call {
  return { request: `${method} /api${path}`, ...(body === undefined ? {} : { body }) };
}

function registered(terms: object): Call {
  return identity('POST', '/users', {
    username: 'ada',
    display_name: 'Ada Lovelace',
    password: 'slanting copper harbour',
    roles: ['ANALYST'],
    ...terms,
  });
}

function tokenFor(form: string): Call {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return { request: 'POST /api/auth/token', headers, body: form };
}

function opened(accountId: string, terms: object = {}): Call {
  return post('/accounts', {
    accountId,
    ownerName: 'Ada Lovelace',
    ownerKind: 'INDIVIDUAL',
    currency: 'USD',
    initialBalance: '25000',
    openedOn: '2026-11-02',
    ...terms,
  });
}

function buy(accountId: string, quantity: string, terms: object = {}): Call {
  return order(accountId, { side: 'BUY', quantity, ...terms });
}

function sell(accountId: string, quantity: string, terms: object = {}): Call {
  return order(accountId, { side: 'SELL', quantity, ...terms });
}

function order(accountId: string, terms: object): Call {
  return post(`/accounts/${accountId}/orders`, { symbol: 'AAPL', price: '189.50', ...terms });
}

function listed(symbol: string, terms: object = {}): Call {
  return post('/instruments', { symbol, name: 'Example', currency: 'USD', ...terms });
}

const reason = { reason: 'example' };
const key = { 'Idempotency-Key': '8e03978e-40d5-43e8-bc93-6894a57f9324' };
const trade = {
  trade_id: 'T1',
  version: 2,
  counterparty_id: 'CP-1',
  book_id: 'B1',
  maturity_date: '2027-05-20',
};
const deposit = { amount: '100' };

const dividend = {
  event_type: 'DIVIDEND',
  symbol: 'AAPL',
  ex_date: '2026-12-07',
  record_date: '2026-12-07',
  payment_date: '2026-12-10',
  amount: '0.26',
};
const split = {
  event_type: 'STOCK_SPLIT',
  symbol: 'AAPL',
  ex_date: '2026-12-07',
  terms: { ratio: '7:1' },
};
const tender = {
  event_type: 'TENDER_OFFER',
  symbol: 'AAPL',
  ex_date: '2026-12-07',
  effective_date: '2026-12-21',
  election_deadline: '2026-12-18',
  terms: { price: '200' },
};

function announced(event: object, terms: object = {}): Call {
  return post('/events', { ...event, ...terms });
}

function elected(id: string, account: string): Call {
  return post(`/events/${id}/elections`, { account, option: 'TENDER', quantity: '50' });
}

function amended(id: string, changes: object): Call {
  const body = { expected_version: 1, reason: 'example', ...changes };
  return { request: `PATCH /api/v1/events/${id}`, body };
}

/** A case for every code: one that is missing does not compile. */
export const errorExamples: Readonly<Record<ErrorCode, ErrorExample>> = {
  ACCOUNT_UNKNOWN: { when: post('/accounts/NOBODY/deposits', deposit) },
  ACCOUNT_ALREADY_OPEN: { given: [opened('E1')], when: opened('E1') },
  TRADE_UNKNOWN: { given: [opened('E2')], when: post('/accounts/E2/trades/T9/cancel', reason) },
  TRADE_ALREADY_CANCELLED: {
    given: [
      opened('E3'),
      buy('E3', '1', { tradeId: 'T1' }),
      post('/accounts/E3/trades/T1/cancel', reason),
    ],
    when: post('/accounts/E3/trades/T1/cancel', reason),
  },
  CURRENCY_UNKNOWN: { when: opened('E4', { currency: 'ZZZ' }) },
  INITIAL_BALANCE_NEGATIVE: { when: opened('E4', { initialBalance: '-1' }) },
  QUANTITY_NOT_POSITIVE: { given: [opened('E5')], when: buy('E5', '0') },
  PRICE_NOT_POSITIVE: { given: [opened('E6')], when: buy('E6', '1', { price: '-189.50' }) },
  FEES_NEGATIVE: { given: [opened('E7')], when: buy('E7', '1', { fees: '-1' }) },
  AMOUNT_NOT_POSITIVE: {
    given: [opened('E8')],
    when: post('/accounts/E8/withdrawals', { amount: '-100' }),
  },
  AMOUNT_TOO_LARGE: {
    given: [opened('E9')],
    when: post('/accounts/E9/deposits', { amount: '9999999999999999' }),
  },
  AMOUNT_TOO_PRECISE: {
    given: [opened('E10')],
    when: post('/accounts/E10/deposits', { amount: '100.005' }),
  },
  TRADE_DATE_IN_FUTURE: { given: [opened('E11')], when: buy('E11', '1', onDay('2999-01-01')) },
  EFFECTIVE_DATE_IN_FUTURE: {
    given: [opened('E12')],
    when: post('/accounts/E12/deposits', { ...deposit, effectiveDate: '2999-01-01' }),
  },
  TRADE_BEFORE_ACCOUNT_OPENED: {
    given: [opened('E13')],
    when: buy('E13', '1', onDay('2001-01-02')),
  },
  EFFECTIVE_BEFORE_ACCOUNT_OPENED: {
    given: [opened('E14')],
    when: post('/accounts/E14/deposits', { ...deposit, effectiveDate: '2001-01-02' }),
  },
  TRADE_ALREADY_BOOKED: {
    given: [opened('E15'), buy('E15', '1', { tradeId: 'T1' })],
    when: buy('E15', '2', { tradeId: 'T1' }),
  },
  LIMIT_INVALID: {
    given: [opened('E16')],
    when: put('/accounts/E16/limits', { orderNotionalMax: '0' }),
  },
  ACCOUNT_CLOSED: {
    given: [opened('E17', { initialBalance: '0' }), post('/accounts/E17/close', reason)],
    when: post('/accounts/E17/deposits', deposit),
  },
  ACCOUNT_SUSPENDED: {
    given: [opened('E18'), post('/accounts/E18/suspend', reason)],
    when: buy('E18', '1'),
  },
  INSTRUMENT_UNKNOWN: { given: [opened('E19')], when: buy('E19', '1', { symbol: 'NONE' }) },
  CURRENCY_MISMATCH: { given: [opened('E20')], when: buy('E20', '1', { symbol: 'SAP' }) },
  INSTRUMENT_DELISTED: {
    given: [opened('E21'), listed('GONE'), post('/instruments/GONE/delist', reason)],
    when: buy('E21', '1', { symbol: 'GONE' }),
  },
  INSTRUMENT_HALTED: {
    given: [opened('E22'), listed('HALT'), post('/instruments/HALT/halt', reason)],
    when: buy('E22', '1', { symbol: 'HALT' }),
  },
  QUANTITY_NOT_IN_LOTS: { given: [opened('E23')], when: buy('E23', '1.5') },
  PRICE_OFF_TICK: { given: [opened('E24')], when: buy('E24', '1', { price: '189.505' }) },
  PRICE_OUTSIDE_COLLAR: { given: [opened('E25')], when: buy('E25', '1', { price: '250' }) },
  ORDER_NOTIONAL_EXCEEDED: {
    given: [opened('E26'), put('/accounts/E26/limits', { orderNotionalMax: '1000' })],
    when: buy('E26', '10'),
  },
  POSITION_LIMIT_EXCEEDED: {
    given: [opened('E27'), put('/accounts/E27/limits', { positionQuantityMax: '5' })],
    when: buy('E27', '10'),
  },
  CONCENTRATION_EXCEEDED: {
    given: [opened('E28'), put('/accounts/E28/limits', { concentrationPercentMax: '40' })],
    when: buy('E28', '100'),
  },
  INSUFFICIENT_BUYING_POWER: { given: [opened('E29')], when: buy('E29', '1000') },
  INSUFFICIENT_HOLDING: { given: [opened('E30')], when: sell('E30', '1') },
  OVERSELLS_LATER_TRADE: {
    given: [
      opened('E31'),
      buy('E31', '10', onDay('2026-11-10')),
      sell('E31', '10', onDay('2026-11-12')),
    ],
    when: sell('E31', '5', onDay('2026-11-11')),
  },
  LOTS_UNDER_AVERAGE_COST: {
    given: [opened('E32', { costMethod: 'AVERAGE' }), buy('E32', '10', { tradeId: 'T1' })],
    when: sell('E32', '5', { lots: [{ lotId: 'T1', quantity: '5' }] }),
  },
  LOT_UNKNOWN: {
    given: [opened('E33'), buy('E33', '10', { tradeId: 'T1' })],
    when: sell('E33', '5', { lots: [{ lotId: 'T9', quantity: '5' }] }),
  },
  LOT_QUANTITY_EXCEEDED: {
    given: [opened('E34'), buy('E34', '5', { tradeId: 'T1' }), buy('E34', '5', { tradeId: 'T2' })],
    when: sell('E34', '6', { lots: [{ lotId: 'T1', quantity: '6' }] }),
  },
  LOT_QUANTITIES_UNEQUAL: {
    given: [opened('E35'), buy('E35', '10', { tradeId: 'T1' })],
    when: sell('E35', '6', { lots: [{ lotId: 'T1', quantity: '5' }] }),
  },
  LOT_NAMED_BY_LATER_TRADE: {
    given: [
      opened('E36'),
      buy('E36', '10', { tradeId: 'T1', ...onDay('2026-11-10') }),
      buy('E36', '10', { tradeId: 'T2', ...onDay('2026-11-11') }),
      sell('E36', '5', { lots: [{ lotId: 'T1', quantity: '5' }], ...onDay('2026-11-12') }),
    ],
    when: post('/accounts/E36/trades/T1/cancel', reason),
  },
  ACCOUNT_NOT_EMPTY: { given: [opened('E37')], when: post('/accounts/E37/close', reason) },
  INSUFFICIENT_SETTLED_CASH: {
    given: [opened('E38')],
    when: post('/accounts/E38/withdrawals', { amount: '30000' }),
  },
  INSTRUMENT_ALREADY_LISTED: { given: [listed('ONCE')], when: listed('ONCE') },
  LOT_SIZE_NOT_POSITIVE: { when: listed('ODD', { lotSize: '0' }) },
  TICK_SIZE_NOT_POSITIVE: { when: listed('ODD', { tickSize: '0' }) },
  ISIN_INVALID: { when: listed('ODD', { isin: 'US0378331006' }) },
  PRICE_DATE_IN_FUTURE: { when: put('/prices/AAPL/closes/2999-01-01', { close: '189.50' }) },
  VOLUME_NEGATIVE: {
    when: put('/prices/AAPL/closes/2026-11-19', { close: '189.50', volume: '-1' }),
  },
  BAR_INCONSISTENT: {
    when: put('/prices/AAPL/closes/2026-11-19', { close: '189.50', high: '180' }),
  },
  MARK_OUT_OF_ORDER: {
    when: put('/prices/AAPL/last', { price: '189.40', markedAt: '2026-11-20T14:29:00Z' }),
  },
  ELECTION_CLOSED: {
    given: [opened('E70')],
    when: elected('CA-EXAMPLECL0SED00000', 'E70'),
    while: 'the election deadline of the event has passed',
  },
  ELECTION_EXCEEDS_HOLDING: {
    given: [opened('E71'), buy('E71', '10', onDay('2026-11-19'))],
    when: elected('CA-EXAMPLEEXCEEDS0000', 'E71'),
    while: 'the event is a tender offer for AAPL',
  },
  ACTION_UNKNOWN: { when: get('/events/CA-000000000000000000') },
  ACTION_ALREADY_ANNOUNCED: {
    when: announced(dividend),
    while: 'the id that was made for it is taken',
  },
  ACTION_CANCELLED: {
    when: amended('CA-EXAMPLECANCELLED00', { amount: '0.27' }),
    while: 'the event has been cancelled',
  },
  ACTION_VERSION_STALE: {
    when: amended('CA-EXAMPLEVERSION0000', { amount: '0.27' }),
    while: 'the event is at version 2',
  },
  ACTION_IDENTITY_FIXED: {
    when: amended('CA-EXAMPLE1DENT1TY000', { symbol: 'SAP' }),
    while: 'the event is one of AAPL',
  },
  ACTION_NOT_FAILED: {
    when: post('/events/CA-EXAMPLEN0TFA1LED00/retry', reason),
    while: 'the event is still to be posted',
  },
  ACTION_REVIEW_RESOLVED: {
    when: post('/events/CA-EXAMPLERES0LVED000/retry', reason),
    while: 'the review of the event has been closed',
  },
  TERM_NOT_FOR_TYPE: { when: announced(split, { amount: '0.26' }) },
  TERM_MISSING: { when: announced(split, { terms: { fractions: 'CINL' } }) },
  RATIO_NOT_POSITIVE: { when: announced(split, { terms: { ratio: '0:1' } }) },
  PERCENT_OUT_OF_RANGE: { when: announced(dividend, { terms: { withholding_percent: '115' } }) },
  SYMBOL_NOT_ANOTHER: {
    when: announced(split, { event_type: 'SYMBOL_CHANGE', terms: { new_symbol: 'AAPL' } }),
  },
  CURRENCY_NOT_THE_INSTRUMENTS: {
    when: announced(dividend, { event_type: 'RETURN_OF_CAPITAL', terms: { currency: 'EUR' } }),
  },
  EXCHANGE_RATE_NOT_NEEDED: { when: announced(dividend, { terms: { exchange_rate: '1.0852' } }) },
  EX_DATE_NOT_BUSINESS_DAY: { when: announced(split, { ex_date: '2026-12-05' }) },
  PAYMENT_DATE_MISSING: { when: announced(dividend, { payment_date: undefined }) },
  RECORD_BEFORE_EX: { when: announced(dividend, { record_date: '2026-12-04' }) },
  PAYMENT_BEFORE_RECORD: {
    when: announced(dividend, { record_date: '2026-12-11' }),
  },
  PAYMENT_BEFORE_EX: {
    when: announced(dividend, { record_date: undefined, payment_date: '2026-12-04' }),
  },
  EFFECTIVE_NOT_PAYMENT_DATE: { when: announced(dividend, { effective_date: '2026-12-07' }) },
  EFFECTIVE_BEFORE_EX: { when: announced(split, { effective_date: '2026-12-04' }) },
  ELECTION_DEADLINE_MISSING: { when: announced(tender, { election_deadline: undefined }) },
  ELECTION_DEADLINE_NOT_BEFORE_EFFECTIVE: {
    when: announced(tender, { election_deadline: '2026-12-21' }),
  },
  NO_ELECTION: { when: announced(split, { default_option: 'EXERCISE' }) },
  DEFAULT_OPTION_NOT_FOR_TYPE: { when: announced(tender, { default_option: 'EXERCISE' }) },
  EVENT_TYPE_UNKNOWN: { when: announced(dividend, { event_type: 'BONUS' }) },
  EVENT_KEY_USED: {
    given: [announced(dividend, { idempotency_key: key['Idempotency-Key'] })],
    when: announced(dividend, { idempotency_key: key['Idempotency-Key'] }),
  },
  REQUEST_INVALID: {
    given: [opened('E39')],
    when: order('E39', { side: 'HOLD', quantity: true, venue: 'XNAS' }),
  },
  MALFORMED_JSON: { when: post('/accounts/E39/deposits', '{"amount": ') },
  MALFORMED_HTTP: { when: { request: 'HELLO' }, while: 'the client does not speak HTTP/1.1' },
  URL_MALFORMED: { when: get('/accounts/%FF') },
  HEADER_INVALID: {
    when: post('/accounts/E39/deposits', deposit, { 'If-Match': 'the latest' }),
  },
  HEADERS_TOO_LARGE: { when: get('/accounts'), while: 'the headers have more than 16 KiB' },
  CURSOR_INVALID: { when: get('/accounts?cursor=page-2') },
  RANGE_INVALID: { when: get('/prices/AAPL/closes?from=2026-11-20&to=2026-11-01') },
  RANGE_TOO_LONG: {
    given: [opened('E40')],
    when: get('/accounts/E40/balance-history?from=1999-01-01&to=2026-11-01'),
  },
  AS_OF_INVALID: { given: [opened('E41')], when: get('/accounts/E41?asOf=2999-01-01') },
  POSITION_BEYOND_LOG: { when: get('/accounts?minPosition=999999999') },
  POSITION_NOT_REACHED: {
    when: get('/accounts?minPosition=1'),
    while: 'the read models lag behind the log',
  },
  TRADE_MATURED: { when: post('/trades', { ...trade, maturity_date: '2014-05-20' }) },
  TRADE_VERSION_LOWER: {
    when: post('/trades', { ...trade, version: 1 }),
    while: 'version 2 of the trade is stored',
  },
  REQUEST_UNKNOWN: { when: get('/requests/8e03978e-40d5-43e8-bc93-6894a57f9324') },
  TRADE_RECORD_UNKNOWN: { when: get('/trades/NEVER') },
  DEAD_LETTER_UNKNOWN: { when: get('/dead-letters/0-17') },
  DEAD_LETTER_RESOLVED: {
    when: post('/dead-letters/0-0/reprocess', reason),
    while: 'the letter has been discarded',
  },
  CSV_INVALID: {
    when: post('/trades/bulk', 'trade_id,version\nT1,1\n', { 'Content-Type': 'text/csv' }),
    while: 'a line of a CSV file does not fit its columns',
  },
  QUEUE_UNAVAILABLE: {
    when: post('/trades', trade),
    while: 'the disk is full, or the broker gone',
  },
  JSON_UNSAFE: { when: post('/accounts/E42/deposits', '{"amount":"1","amount":"1000"}') },
  ENTRY_UNKNOWN: { when: get('/audit/entries/999999999/proof') },
  NOT_SEALED_YET: {
    when: get('/audit/checkpoint'),
    while: 'the newest entries have been there for a moment only',
  },
  RECORD_ALTERED: {
    when: get('/audit/entries'),
    while: 'a byte of an entry was changed in the file of the log',
  },
  CHECK_UNDER_WAY: {
    when: post('/audit/checks', {}),
    while: 'another check has not ended',
  },
  UNAUTHENTICATED: { when: get('/accounts'), while: 'no Authorization header is sent' },
  TOKEN_INVALID: { when: get('/accounts'), while: 'the token is not one of this server' },
  TOKEN_EXPIRED: { when: get('/accounts'), while: 'the token is older than it may get' },
  FORBIDDEN: {
    when: post('/instruments', { symbol: 'X', name: 'X', currency: 'USD' }),
    while: 'the role is READ_ONLY',
  },
  REPORT_LIMIT: {
    when: get('/reports/positions'),
    while: 'ten reports have been asked for within the hour',
  },
  REPORT_UNKNOWN: { when: get('/reports/jobs/RPT-000000000000000000') },
  REPORT_NOT_RUNNING: {
    when: { request: 'DELETE /api/v1/reports/jobs/RPT-EXAMPLED0NE0000000' },
    while: 'the report is completed',
  },
  REPORT_TOO_LARGE: {
    when: get('/reports/audit-trail'),
    while: 'more entries were recorded than an answer may take',
  },
  REPORT_NOT_READY: {
    when: get('/reports/jobs/RPT-EXAMPLEWA1T1NG0000/content'),
    while: 'the report is still being written',
  },
  REPORT_EXPIRED: {
    when: get('/reports/jobs/RPT-EXAMPLEEXP1RED0000/content'),
    while: 'the days for which files are kept have passed',
  },
  TOO_MANY_REQUESTS: { when: get('/accounts'), while: 'more requests come than are allowed' },
  AUDIT_UNAVAILABLE: {
    when: get('/accounts'),
    while: 'the log takes no record of who was let do what',
  },
  USER_UNKNOWN: { when: identity('GET', '/users/USR-000000000000000000') },
  LOGIN_FAILED: {
    when: identity('POST', '/auth/login', { username: 'ada', password: 'lovelace' }),
  },
  LOGIN_LOCKED: {
    when: identity('POST', '/auth/login', { username: 'mallory', password: 'guess' }),
    while: 'five logins with the name have failed just before',
  },
  HOLD_UNKNOWN: {
    when: post('/retention/holds/HOLD-000000000000000000/release', reason),
  },
  SUBJECT_UNKNOWN: {
    when: post('/retention/erasures', { subject: 'account-NOBODY', ...reason }),
  },
  SUBJECT_ERASED: {
    when: post('/retention/holds', { subject: 'account-E81', ...reason }),
    while: 'the account was erased',
  },
  LEGAL_HOLD: {
    given: [
      opened('E82'),
      post('/retention/holds', { subject: 'account-E82', reason: 'case 2026-114' }),
    ],
    when: post('/retention/erasures', { subject: 'account-E82', ...reason }),
  },
  RETENTION_IN_FORCE: {
    given: [opened('E83')],
    when: post('/retention/erasures', { subject: 'account-E83', ...reason }),
  },
  USER_ERASED: {
    when: identity('POST', '/users/USR-000000000000000000/reactivate', reason),
    while: 'the user is erased',
  },
  PASSWORD_OUTDATED: {
    when: identity('POST', '/auth/password', {
      current_password: 'slanting copper harbour',
      new_password: 'seven quiet umbrellas',
    }),
    while: 'somebody else has just set the password',
  },
  LAST_ADMIN: {
    when: identity('POST', '/users/USR-000000000000000000/deactivate', reason),
    while: 'nobody else is an active administrator',
  },
  ACCOUNTS_NOT_FOR_ROLE: { when: registered({ roles: ['ANALYST'], accounts: ['E1'] }) },
  PASSWORD_WEAK: { when: registered({ password: 'password1234' }) },
  USERNAME_TAKEN: {
    given: [registered({ username: 'grace' })],
    when: registered({ username: 'Grace' }),
  },
  API_KEY_UNKNOWN: { when: identity('GET', '/api-keys/KEY-000000000000000000') },
  API_KEY_REVOKED: {
    when: identity('POST', '/api-keys/KEY-000000000000000000/rotate', {}),
    while: 'the key was revoked',
  },
  REFRESH_TOKEN_INVALID: {
    when: identity('POST', '/auth/refresh', { refresh_token: 'cfr_used' }),
  },
  CLIENT_INVALID: {
    when: tokenFor('grant_type=client_credentials&client_id=KEY-1&client_secret=cf_1'),
  },
  GRANT_UNSUPPORTED: { when: tokenFor('grant_type=password&username=ada&password=lovelace') },
  PROVIDER_UNKNOWN: { when: identity('GET', '/auth/oidc/start?provider=nobody') },
  PROVIDER_LOGIN_FAILED: { when: identity('GET', '/auth/oidc/callback?code=1&state=2') },
  PROVIDER_UNAVAILABLE: {
    when: identity('GET', '/auth/oidc/start?provider=corp'),
    while: 'the provider can not be reached',
  },
  ROUTE_UNKNOWN: { when: get('/portfolios') },
  PRICE_UNKNOWN: { given: [listed('NEW')], when: get('/prices/NEW/last') },
  POSITION_UNKNOWN: { given: [opened('E42')], when: get('/accounts/E42/positions/AAPL') },
  METHOD_NOT_ALLOWED: { when: { request: 'DELETE /api/v1/accounts/E42' } },
  REQUEST_TIMEOUT: {
    when: post('/accounts/E42/deposits', deposit),
    while: 'the body arrives drop by drop',
  },
  BODY_TOO_LARGE: {
    when: post('/accounts/E42/deposits', { ...deposit, reference: '(a million letters)' }),
    while: 'the body is larger than 1 MiB',
  },
  LINE_TOO_LONG: {
    when: post('/bulk/commands', '(a line of 100,000 letters)', {
      'Content-Type': 'application/x-ndjson',
    }),
    while: 'a line of a bulk stream is longer than 64 KiB',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    when: post('/accounts/E42/deposits', 'amount=100', {
      'Content-Type': 'application/x-www-form-urlencoded',
    }),
  },
  VERSION_STALE: {
    given: [opened('E43')],
    when: post('/accounts/E43/deposits', deposit, { 'If-Match': '"7"' }),
  },
  IDEMPOTENCY_KEY_INVALID: {
    when: post('/accounts/E43/deposits', deposit, { 'Idempotency-Key': 'deposit-1' }),
  },
  IDEMPOTENCY_IN_FLIGHT: {
    when: post('/accounts/E43/deposits', deposit, key),
    while: 'the first request with the key is under way',
  },
  IDEMPOTENCY_KEY_REUSED: {
    given: [opened('E44'), post('/accounts/E44/deposits', deposit, key)],
    when: post('/accounts/E44/deposits', { amount: '200' }, key),
  },
  CONTENTION: {
    when: post('/accounts/E44/deposits', deposit),
    while: 'another process keeps writing to the account',
  },
  OVERLOADED: {
    when: post('/accounts/E44/deposits', deposit),
    while: 'more commands arrive than can be written',
  },
  SHUTTING_DOWN: { when: get('/accounts'), while: 'the server has been told to stop' },
  STORAGE_UNAVAILABLE: {
    when: post('/accounts/E44/deposits', deposit),
    while: 'the disk is full, or the database gone',
  },
  KEYS_UNAVAILABLE: {
    when: opened('E84'),
    while: 'the file of key-encryption keys is gone, or the key management service',
  },
  READ_MODELS_UNAVAILABLE: {
    when: get('/accounts'),
    while: 'the database of the read models is gone',
  },
  INTERNAL: { when: post('/accounts/E44/deposits', deposit), while: 'there is a defect here' },
};
