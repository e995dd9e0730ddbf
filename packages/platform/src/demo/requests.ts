/** A request that shows something, ready to be pasted into a shell. */
export interface RequestToTry {
  readonly says: string;
  readonly line: string;
}

/** `TOKEN` is set to an access token. `knownBefore` is an instant before the demo's late trade was recorded. */
export function requestsToTry(url: string, knownBefore: string): readonly RequestToTry[] {
  const api = `${url}/api/v1`;
  const asked = '-H "Authorization: Bearer $TOKEN"';
  const get = (path: string): string => `curl -s '${api}${path}' ${asked}`;
  const post = (path: string, body: object): string =>
    `curl -s '${api}${path}' ${asked} -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
  return [
    {
      says: 'what a family office holds now, at the last prices of the data (March 2021)',
      line: get('/accounts/DEMO-10/positions'),
    },
    {
      says: 'what an individual held on the day the market was lowest in 2020',
      line: get('/accounts/DEMO-08/positions?asOf=2020-03-23'),
    },
    {
      says: 'the same evening, as it was known before a trade of that day was reported late',
      line: get(`/accounts/DEMO-08/positions?asOf=2020-03-23&knownAt=${knownBefore}`),
    },
    {
      says: 'what a pension fund was worth on every day of 2020',
      line: get('/accounts/DEMO-09/balance-history?from=2020-01-01&to=2020-12-31'),
    },
    {
      says: 'an order',
      line: post('/accounts/DEMO-05/orders', {
        side: 'BUY',
        symbol: 'AAPL',
        quantity: '10',
        price: '122.15',
      }),
    },
    {
      says: 'an order that a risk check refuses: its price is far from the last',
      line: post('/accounts/DEMO-05/orders', {
        side: 'BUY',
        symbol: 'AAPL',
        quantity: '10',
        price: '12.21',
      }),
    },
    {
      says: 'a record of a trade, as an upstream system reports it: its outcome is under request_id',
      line: post('/trades', {
        trade_id: 'T1',
        version: 1,
        counterparty_id: 'CP-1',
        book_id: 'B1',
        maturity_date: '2099-05-20',
      }),
    },
    {
      says: 'what a dividend of Apple came to for all who held it',
      line: get('/events/CA-AAPLDIVIDEND201106'),
    },
    {
      says: 'what an individual had of Apple on the eve of its split 7:1 of 2014',
      line: get('/accounts/DEMO-03/positions/AAPL?asOf=2014-06-08'),
    },
    {
      says: 'and what it had become of that: every lot with its cost and its date',
      line: get('/accounts/DEMO-03/positions/AAPL'),
    },
    {
      says: 'the closes of Apple round its split 4:1 of 2020, in terms of the shares of today',
      line: get('/prices/AAPL/closes?adjust=split&from=2020-08-27&to=2020-09-01'),
    },
    {
      says: 'the trades of a charity, the newest five',
      line: get('/accounts/DEMO-11/trades?limit=5'),
    },
    {
      says: 'what is behind it all: the events of an account, the first three',
      line: get('/accounts/DEMO-02/events?limit=3'),
    },
  ];
}
