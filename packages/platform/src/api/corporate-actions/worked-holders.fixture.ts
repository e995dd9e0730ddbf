/** One holder of one lot or two, and what an event makes of it. */
export interface WorkedCase {
  readonly title: string;
  /** Other than AAPL. */
  readonly symbols: readonly string[];
  readonly account?: object;
  readonly trades: readonly string[];
  readonly event: object;
  /** The last date on which nothing had changed yet, and the first on which all had. */
  readonly dates: readonly [before: string, after: string];
  /** By symbol. */
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly cash: readonly [before: string, after: string];
}

export const workedCases: readonly WorkedCase[] = [
  {
    title: 'GE 1:8 of 2021 with cash in lieu at 104: 100 shares are 12, and 52.00',
    symbols: ['GE'],
    trades: ['BUY 100 GE at 13 on 2021-07-01'],
    event: {
      event_type: 'STOCK_SPLIT',
      symbol: 'GE',
      ex_date: '2021-08-02',
      terms: { ratio: '1:8', price_in_lieu: '104' },
    },
    dates: ['2021-08-01', '2021-08-02'],
    before: { GE: '100 cost 1300 realized 0: T1 of 2021-07-01 100 for 1300' },
    after: { GE: '12 cost 1248 realized 0: T1 of 2021-07-01 12 for 1248' },
    cash: ['98700', '98752'],
  },
  {
    title: 'a merger for cash, 54.20 a share: all is realized',
    symbols: ['TWTR'],
    trades: ['BUY 100 TWTR at 39 on 2022-04-01'],
    event: {
      event_type: 'MERGER',
      symbol: 'TWTR',
      ex_date: '2022-10-28',
      terms: { cash_per_share: '54.20' },
    },
    dates: ['2022-10-27', '2022-10-28'],
    before: { TWTR: '100 cost 3900 realized 0: T1 of 2022-04-01 100 for 3900' },
    after: { TWTR: '0 cost 0 realized 1520' },
    cash: ['96100', '101520'],
  },
  {
    title: 'a merger for stock: cost and dates go over, and the half share is paid for',
    symbols: ['SOLD', 'BUYER'],
    trades: ['BUY 60 SOLD at 10 on 2020-01-02', 'BUY 40 SOLD at 10 on 2020-01-03'],
    event: {
      event_type: 'MERGER',
      symbol: 'SOLD',
      ex_date: '2020-03-02',
      terms: { acquirer: 'BUYER', ratio: '0.755:1', price_in_lieu: '20' },
    },
    dates: ['2020-03-01', '2020-03-02'],
    before: {
      SOLD: '100 cost 1000 realized 0: T1 of 2020-01-02 60 for 600, T2 of 2020-01-03 40 for 400',
      BUYER: 'nothing',
    },
    // 75.5 shares: the half is of the oldest lot, cost 6.62 and brings 10.00.
    after: {
      SOLD: 'nothing',
      BUYER:
        '75 cost 993.38 realized 3.38: T1 of 2020-01-02 44.8 for 593.38, T2 of 2020-01-03 30.2 for 400',
    },
    cash: ['99000', '99010'],
  },
  {
    title: 'a merger for stock and cash: of the gain of 900, the 400 paid in cash are recognized',
    symbols: ['MIXED', 'OTHER'],
    trades: ['BUY 100 MIXED at 10 on 2020-01-02'],
    event: {
      event_type: 'MERGER',
      symbol: 'MIXED',
      ex_date: '2020-03-02',
      terms: {
        acquirer: 'OTHER',
        ratio: '1:2',
        cash_per_share: '4',
        acquirer_price: '30',
        price_in_lieu: '30',
      },
    },
    dates: ['2020-03-01', '2020-03-02'],
    before: { MIXED: '100 cost 1000 realized 0: T1 of 2020-01-02 100 for 1000', OTHER: 'nothing' },
    after: {
      MIXED: '0 cost 0 realized 400',
      OTHER: '50 cost 1000 realized 0: T1 of 2020-01-02 50 for 1000',
    },
    cash: ['99000', '99400'],
  },
  {
    title: 'a return of capital lowers the cost, and beyond the cost it is gain',
    symbols: ['CAPD'],
    trades: ['BUY 100 CAPD at 10 on 2020-01-02'],
    event: {
      event_type: 'RETURN_OF_CAPITAL',
      symbol: 'CAPD',
      ex_date: '2020-03-02',
      payment_date: '2020-03-02',
      terms: { amount: '12' },
    },
    dates: ['2020-03-01', '2020-03-02'],
    before: { CAPD: '100 cost 1000 realized 0: T1 of 2020-01-02 100 for 1000' },
    after: { CAPD: '100 cost 0 realized 200: T1 of 2020-01-02 100 for 0' },
    cash: ['99000', '100200'],
  },
  {
    title: 'a stock dividend of 1 for 10: the cost is spread over all',
    symbols: ['BONU'],
    trades: ['BUY 105 BONU at 10 on 2020-01-02'],
    event: {
      event_type: 'STOCK_DIVIDEND',
      symbol: 'BONU',
      ex_date: '2020-03-02',
      terms: { ratio: '1:10', price_in_lieu: '9' },
    },
    dates: ['2020-03-01', '2020-03-02'],
    before: { BONU: '105 cost 1050 realized 0: T1 of 2020-01-02 105 for 1050' },
    // 115.5 shares: the half cost 4.55 and brings 4.50.
    after: { BONU: '115 cost 1045.45 realized -0.05: T1 of 2020-01-02 115 for 1045.45' },
    cash: ['98950', '98954.5'],
  },
  {
    title: 'FB becomes META: the position moves as it is',
    symbols: ['FB', 'META'],
    trades: ['BUY 10 FB at 195 on 2022-06-01'],
    event: {
      event_type: 'SYMBOL_CHANGE',
      symbol: 'FB',
      ex_date: '2022-06-09',
      terms: { new_symbol: 'META' },
    },
    dates: ['2022-06-08', '2022-06-09'],
    before: { FB: '10 cost 1950 realized 0: T1 of 2022-06-01 10 for 1950', META: 'nothing' },
    after: {
      FB: 'nothing',
      META: '10 cost 1950 realized 0: T1 of 2022-06-01 10 for 1950',
    },
    cash: ['98050', '98050'],
  },
  {
    title: 'who is short pays the dividend, and no tax is withheld from that',
    symbols: ['KO'],
    account: { shortSelling: true },
    trades: ['SELL 280 KO at 50 on 2020-10-01'],
    event: {
      event_type: 'DIVIDEND',
      symbol: 'KO',
      ex_date: '2020-11-06',
      record_date: '2020-11-09',
      payment_date: '2020-11-12',
      terms: { amount: '0.205', withholding_percent: '15' },
    },
    dates: ['2020-11-11', '2020-11-12'],
    before: { KO: '-280 cost -14000 realized 0: T1 of 2020-10-01 -280 for -14000' },
    after: { KO: '-280 cost -14000 realized 0: T1 of 2020-10-01 -280 for -14000' },
    cash: ['114000', '113942.6'],
  },
];
