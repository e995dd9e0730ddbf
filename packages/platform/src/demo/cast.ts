// The people and institutions of the demo. None of them exists, so none has a name.

export type DemoSymbol = 'AAPL' | 'IBM' | 'SPY';

export const demoInstruments: readonly {
  readonly symbol: DemoSymbol;
  readonly name: string;
  readonly isin: string;
}[] = [
  { symbol: 'AAPL', name: 'Apple Inc.', isin: 'US0378331005' },
  { symbol: 'IBM', name: 'International Business Machines Corporation', isin: 'US4592001014' },
  { symbol: 'SPY', name: 'SPDR S&P 500 ETF Trust', isin: 'US78462F1030' },
];

export interface DemoAccount {
  readonly id: string;
  readonly ownerName: string;
  readonly ownerKind: 'INDIVIDUAL' | 'CORPORATE';
  readonly costMethod: 'FIFO' | 'AVERAGE';
  readonly openedOn: string;
  readonly initialBalance: string;
  /** Paid in on the first trading day of every year after the first. */
  readonly yearlyDeposit: string;
  readonly limits?: {
    readonly orderNotionalMax?: string;
    readonly concentrationPercentMax?: string;
  };
  readonly habits: readonly Habit[];
}

/** What an account does over and over with one symbol. */
export interface Habit {
  readonly symbol: DemoSymbol;
  readonly from: string;
  readonly to: string;
  /** Trading days from one trade to the next: 21 are about a month. */
  readonly everyDays: number;
  /** About what a purchase costs. */
  readonly orderValue: number;
  /** One trade in so many is a sale, of a third of what is held at most; 0 for never. */
  readonly sellsOneIn: number;
  /** Whether everything is sold on the last day. */
  readonly endsEmpty?: boolean;
}

const lastDay = '2021-03-31';

// Apple was split 2:1 on 2000-06-21 and 2005-02-28, 7:1 on 2014-06-09 and 4:1 on 2020-08-31. Splits are posted
// once all is booked, as the demo makes up its trades without them: so nobody trades in it over a split. Some
// hold it over the next ones, and have many times the shares then. IBM was split in May 1999, before anybody
// here holds it, and SPY never was.
const appleAfterSplitOf = {
  2000: { from: '2000-06-21', to: '2005-02-25' },
  2005: { from: '2005-02-28', to: '2014-06-06' },
  2014: { from: '2014-06-09', to: '2020-08-28' },
  2020: { from: '2020-08-31', to: lastDay },
} as const;

const individual = { ownerKind: 'INDIVIDUAL', costMethod: 'FIFO' } as const;
const corporate = { ownerKind: 'CORPORATE', costMethod: 'FIFO' } as const;

export const demoAccounts: readonly DemoAccount[] = [
  {
    ...individual,
    id: 'DEMO-01',
    ownerName: 'Demo individual 1',
    openedOn: '1999-06-01',
    initialBalance: '10000.00',
    yearlyDeposit: '12000.00',
    habits: [
      {
        symbol: 'SPY',
        from: '1999-06-01',
        to: lastDay,
        everyDays: 21,
        orderValue: 900,
        sellsOneIn: 0,
      },
    ],
  },
  {
    ...individual,
    id: 'DEMO-02',
    ownerName: 'Demo individual 2',
    costMethod: 'AVERAGE',
    openedOn: '2003-01-02',
    initialBalance: '25000.00',
    yearlyDeposit: '15000.00',
    habits: [
      {
        symbol: 'SPY',
        from: '2003-01-02',
        to: lastDay,
        everyDays: 42,
        orderValue: 1_500,
        sellsOneIn: 9,
      },
      {
        symbol: 'IBM',
        from: '2003-02-03',
        to: lastDay,
        everyDays: 42,
        orderValue: 1_200,
        sellsOneIn: 7,
      },
    ],
  },
  {
    ...individual,
    id: 'DEMO-03',
    ownerName: 'Demo individual 3',
    openedOn: '2005-02-28',
    initialBalance: '40000.00',
    yearlyDeposit: '6000.00',
    habits: [
      {
        symbol: 'AAPL',
        ...appleAfterSplitOf[2005],
        everyDays: 30,
        orderValue: 1_800,
        sellsOneIn: 8,
      },
      {
        symbol: 'SPY',
        from: '2014-07-01',
        to: lastDay,
        everyDays: 21,
        orderValue: 2_500,
        sellsOneIn: 12,
      },
    ],
  },
  {
    ...individual,
    id: 'DEMO-04',
    ownerName: 'Demo individual 4',
    openedOn: '2014-06-02',
    initialBalance: '60000.00',
    yearlyDeposit: '18000.00',
    habits: [
      {
        symbol: 'AAPL',
        ...appleAfterSplitOf[2014],
        everyDays: 15,
        orderValue: 1_500,
        sellsOneIn: 6,
      },
      {
        symbol: 'IBM',
        from: '2014-07-01',
        to: lastDay,
        everyDays: 63,
        orderValue: 2_000,
        sellsOneIn: 0,
      },
    ],
  },
  {
    ...individual,
    id: 'DEMO-05',
    ownerName: 'Demo individual 5',
    openedOn: '2019-01-02',
    initialBalance: '80000.00',
    yearlyDeposit: '20000.00',
    habits: [
      {
        symbol: 'SPY',
        from: '2019-01-02',
        to: lastDay,
        everyDays: 10,
        orderValue: 1_000,
        sellsOneIn: 6,
      },
      {
        symbol: 'AAPL',
        ...appleAfterSplitOf[2020],
        everyDays: 7,
        orderValue: 1_200,
        sellsOneIn: 8,
      },
    ],
  },
  {
    ...individual,
    id: 'DEMO-06',
    ownerName: 'Demo individual 6',
    openedOn: '2000-01-03',
    initialBalance: '30000.00',
    yearlyDeposit: '5000.00',
    habits: [
      {
        symbol: 'IBM',
        from: '2000-01-03',
        to: '2012-12-31',
        everyDays: 25,
        orderValue: 700,
        sellsOneIn: 5,
      },
    ],
  },
  {
    ...individual,
    id: 'DEMO-07',
    ownerName: 'Demo individual 7',
    costMethod: 'AVERAGE',
    openedOn: '2000-06-21',
    initialBalance: '50000.00',
    yearlyDeposit: '8000.00',
    habits: [
      {
        symbol: 'AAPL',
        ...appleAfterSplitOf[2000],
        everyDays: 20,
        orderValue: 1_000,
        sellsOneIn: 7,
        endsEmpty: true,
      },
      {
        symbol: 'IBM',
        from: '2005-03-01',
        to: lastDay,
        everyDays: 50,
        orderValue: 1_500,
        sellsOneIn: 9,
      },
    ],
  },
  {
    ...individual,
    id: 'DEMO-08',
    ownerName: 'Demo individual 8',
    openedOn: '2018-01-02',
    initialBalance: '250000.00',
    yearlyDeposit: '10000.00',
    habits: [
      {
        symbol: 'SPY',
        from: '2018-01-02',
        to: lastDay,
        everyDays: 4,
        orderValue: 4_000,
        sellsOneIn: 3,
      },
    ],
  },
  {
    ...corporate,
    id: 'DEMO-09',
    ownerName: 'Demo pension fund',
    costMethod: 'AVERAGE',
    openedOn: '2002-01-02',
    initialBalance: '50000000.00',
    yearlyDeposit: '10000000.00',
    limits: { orderNotionalMax: '2000000' },
    habits: [
      {
        symbol: 'SPY',
        from: '2002-01-02',
        to: lastDay,
        everyDays: 21,
        orderValue: 600_000,
        sellsOneIn: 10,
      },
      {
        symbol: 'IBM',
        from: '2002-01-02',
        to: lastDay,
        everyDays: 42,
        orderValue: 300_000,
        sellsOneIn: 10,
      },
    ],
  },
  {
    ...corporate,
    id: 'DEMO-10',
    ownerName: 'Demo family office',
    openedOn: '2010-01-04',
    initialBalance: '5000000.00',
    yearlyDeposit: '500000.00',
    habits: [
      {
        symbol: 'SPY',
        from: '2010-01-04',
        to: lastDay,
        everyDays: 30,
        orderValue: 60_000,
        sellsOneIn: 6,
      },
      {
        symbol: 'IBM',
        from: '2010-02-01',
        to: lastDay,
        everyDays: 40,
        orderValue: 40_000,
        sellsOneIn: 4,
      },
      {
        symbol: 'AAPL',
        ...appleAfterSplitOf[2020],
        everyDays: 5,
        orderValue: 50_000,
        sellsOneIn: 5,
      },
    ],
  },
  {
    ...corporate,
    id: 'DEMO-11',
    ownerName: 'Demo charity',
    openedOn: '2006-01-03',
    initialBalance: '2000000.00',
    yearlyDeposit: '50000.00',
    limits: { concentrationPercentMax: '50' },
    habits: [
      {
        symbol: 'SPY',
        from: '2006-01-03',
        to: lastDay,
        everyDays: 63,
        orderValue: 6_000,
        sellsOneIn: 8,
      },
      {
        symbol: 'IBM',
        from: '2006-01-03',
        to: lastDay,
        everyDays: 63,
        orderValue: 6_000,
        sellsOneIn: 8,
      },
    ],
  },
  {
    ...corporate,
    id: 'DEMO-12',
    ownerName: 'Demo trading desk',
    openedOn: '2016-01-04',
    initialBalance: '1000000.00',
    yearlyDeposit: '0.00',
    habits: [
      {
        symbol: 'IBM',
        from: '2016-01-04',
        to: lastDay,
        everyDays: 6,
        orderValue: 20_000,
        sellsOneIn: 2,
      },
      {
        symbol: 'SPY',
        from: '2016-01-04',
        to: lastDay,
        everyDays: 6,
        orderValue: 25_000,
        sellsOneIn: 2,
      },
    ],
  },
];
