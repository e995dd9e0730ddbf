import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountOf, roundedQuotient } from '../money/amounts.ts';
import { currency, type CurrencyCode } from '../money/currency.ts';
import { minus, Money, Percentage, plus, Price, Quantity, Ratio } from '../money/money.ts';
import type { CustodianTotal } from './commands.ts';
import type { ActionTerms } from './events.ts';
import type { ReconciledAction, ReconciledEntitlement } from './reconciled-lines.ts';
import { nothingReconciled, reconciliationOf, withEntitlement } from './reconciliation.ts';
import { noTerms } from './terms.ts';

const dollars = currency('USD');
const none = {
  version: 1,
  gross: Money.zero,
  tax: Money.zero,
  cashInLieu: Money.zero,
  fraction: Quantity.zero,
  amount: Money.zero,
  ownShares: Quantity.zero,
  receivedShares: Quantity.zero,
};

function action(
  actionType: ReconciledAction['actionType'],
  terms: Partial<ActionTerms>,
  of: CurrencyCode = dollars,
): ReconciledAction {
  return { actionType, terms: { ...noTerms, ...terms }, currency: of };
}

const aDividend = action('DIVIDEND', {
  amountPerShare: Price.of('0.205'),
  withholdingPercent: Percentage.of('15'),
});

/** `paid('A1', '280', '57.4 8.61')`: gross and tax. */
function paid(account: string, quantity: string, amounts: string): ReconciledEntitlement {
  const [gross = '', tax = '0'] = amounts.split(' ');
  const net = minus(Money.of(gross), Money.of(tax));
  return {
    ...none,
    account,
    eligible: Quantity.of(quantity),
    gross: Money.of(gross),
    tax: Money.of(tax),
    amount: net,
  };
}

/** `given('A1', '100', '-88 0.5 52')`: the change of shares, the fraction, and the cash for it. */
function split(account: string, quantity: string, changes: string): ReconciledEntitlement {
  const [change = '', fraction = '0', inLieu = '0'] = changes.split(' ');
  return {
    ...none,
    account,
    eligible: Quantity.of(quantity),
    ownShares: Quantity.of(change),
    receivedShares: Quantity.of(change),
    fraction: Quantity.of(fraction),
    cashInLieu: Money.of(inLieu),
    amount: Money.of(inLieu),
  };
}

function reconciled(
  what: ReconciledAction,
  rows: readonly ReconciledEntitlement[],
  stated?: CustodianTotal,
) {
  const sums = rows.reduce(withEntitlement, nothingReconciled(what, 1));
  return reconciliationOf(sums, stated);
}

function custodian(
  totals: Partial<Record<'eligible' | 'cash' | 'shares', string>>,
): CustodianTotal {
  const { eligible, cash, shares } = totals;
  return {
    custodian: 'DTC',
    eligible: eligible === undefined ? null : Quantity.of(eligible),
    cash: cash === undefined ? null : Money.of(cash),
    shares: shares === undefined ? null : Quantity.of(shares),
  };
}

const told = (lines: ReturnType<typeof reconciled>['lines']) =>
  lines.map(
    ({ line, expected, actual, difference, tolerance, status }) =>
      `${line} ${expected} ${actual} off by ${difference} of ${tolerance}: ${status}`,
  );

// 0.615 and 0.0923 each: rounded up by half a cent, and down.
const three = ['A1', 'A2', 'A3'].map((account) => paid(account, '3', '0.62 0.09'));

describe('CA-06 what was posted is held against the terms, in sum', () => {
  it.each<[string, ReconciledAction, readonly ReconciledEntitlement[], readonly string[]]>([
    [
      'a dividend, whose rounding is at most half a cent an account',
      aDividend,
      three,
      [
        'gross 1.845 1.86 off by 0.015 of 0.015: RECONCILED',
        'tax 0.279 0.27 off by -0.009 of 0.015: RECONCILED',
        'net 1.59 1.59 off by 0 of 0: RECONCILED',
      ],
    ],
    [
      'a split, whose fractions and the cash for them are counted in',
      action('STOCK_SPLIT', {
        ratioNew: Ratio.of('1'),
        ratioOld: Ratio.of('8'),
        fractions: 'CINL',
        priceInLieu: Price.of('104'),
      }),
      [split('A1', '100', '-88 0.5 52'), split('A2', '8', '-7')],
      [
        'new quantity 13.5 13.5 off by 0 of 0.00000002: RECONCILED',
        'cash in lieu 52 52 off by 0 of 0.01: RECONCILED',
        'net 52 52 off by 0 of 0: RECONCILED',
      ],
    ],
    [
      'a split that drops fractions pays nothing for them',
      action('STOCK_SPLIT', {
        ratioNew: Ratio.of('1'),
        ratioOld: Ratio.of('8'),
        fractions: 'RDDN',
      }),
      [split('A1', '100', '-88 0.5')],
      [
        'new quantity 12.5 12.5 off by 0 of 0.00000001: RECONCILED',
        'cash in lieu 0 0 off by 0 of 0.005: RECONCILED',
        'net 0 0 off by 0 of 0: RECONCILED',
      ],
    ],
    [
      'a merger for cash and stock: the shares go out, and cash and shares come in',
      action('MERGER', {
        cashPerShare: Price.of('4'),
        ratioNew: Ratio.of('1'),
        ratioOld: Ratio.of('2'),
        fractions: 'CINL',
        priceInLieu: Price.of('30'),
      }),
      [
        {
          ...none,
          account: 'A1',
          eligible: Quantity.of('101'),
          ownShares: Quantity.of('-101'),
          receivedShares: Quantity.of('50'),
          fraction: Quantity.of('0.5'),
          cashInLieu: Money.of('15'),
          amount: Money.of('419'),
        },
      ],
      [
        'shares taken -101 -101 off by 0 of 0: RECONCILED',
        'cash for the shares 404 404 off by 0 of 0.005: RECONCILED',
        'shares received 50.5 50.5 off by 0 of 0.00000001: RECONCILED',
        'cash in lieu 15 15 off by 0 of 0.005: RECONCILED',
      ],
    ],
    [
      'rights that were exercised are paid for',
      action('RIGHTS_ISSUE', { subscriptionPrice: Price.of('8') }),
      [{ ...split('A1', '100', '20'), amount: Money.of('-160') }],
      ['cash -160 -160 off by 0 of 0.005: RECONCILED'],
    ],
    [
      'a tender pays for what was accepted',
      action('TENDER_OFFER', { cashPerShare: Price.of('13') }),
      [{ ...split('A1', '100', '-33'), amount: Money.of('429') }],
      ['cash 429 429 off by 0 of 0.005: RECONCILED'],
    ],
    [
      'a new symbol takes all of the old one',
      action('SYMBOL_CHANGE', {}),
      [{ ...split('A1', '100', '-100'), receivedShares: Quantity.of('100') }],
      [
        'shares taken -100 -100 off by 0 of 0: RECONCILED',
        'shares received 100 100 off by 0 of 0.00000001: RECONCILED',
        'cash in lieu 0 0 off by 0 of 0.005: RECONCILED',
        'net 0 0 off by 0 of 0: RECONCILED',
      ],
    ],
  ])('%s', (_, what, rows, lines) => {
    const { status, ...found } = reconciled(what, rows);
    expect(told(found.lines)).toEqual(lines);
    expect(status).toBe('RECONCILED');
    expect(found.accounts).toBe(rows.length);
  });

  it('nobody who is entitled is a check that passes', () => {
    expect(reconciled(aDividend, [])).toMatchObject({ status: 'RECONCILED', accounts: 0 });
  });
});

describe('CA-06 an entitlement that is not what the terms say', () => {
  it('is named, however well the sums agree', () => {
    const rows = [paid('A1', '280', '57.41 8.61'), paid('A2', '280', '57.39 8.61')];
    const { status, lines, broken, brokenEntitlements } = reconciled(aDividend, rows);
    expect(lines.map((line) => line.status)).toEqual(['RECONCILED', 'RECONCILED', 'RECONCILED']);
    expect({ status, brokenEntitlements }).toEqual({ status: 'BREAK', brokenEntitlements: 2 });
    expect(broken).toEqual([
      { account: 'A1', line: 'gross', expected: '57.4', actual: '57.41', difference: '0.01' },
      { account: 'A2', line: 'gross', expected: '57.4', actual: '57.39', difference: '-0.01' },
    ]);
  });

  it('is one of another version too', () => {
    const { status, broken } = reconciled(aDividend, [
      { ...paid('A1', '280', '57.4 8.61'), version: 2 },
    ]);
    expect(status).toBe('BREAK');
    expect(broken).toEqual([
      { account: 'A1', line: 'version', expected: '1', actual: '2', difference: '1' },
    ]);
  });

  it('is counted, and the first hundred are shown', () => {
    const rows = Array.from({ length: 150 }, (_, n) => paid(`A${n}`, '280', '57.41 8.61'));
    const { brokenEntitlements, broken, lines } = reconciled(aDividend, rows);
    expect({ brokenEntitlements, shown: broken.length }).toEqual({
      brokenEntitlements: 150,
      shown: 100,
    });
    expect(told(lines)[0]).toBe('gross 8610 8611.5 off by 1.5 of 0.75: BREAK');
  });
});

describe('CA-06 what a custodian states', () => {
  const rows = [paid('A1', '280', '57.4 8.61'), paid('A2', '20', '4.1 0.62')];
  it.each<[string, CustodianTotal, readonly string[]]>([
    [
      'is held against the postings line by line',
      custodian({ eligible: '300', cash: '52.27', shares: '0' }),
      [
        'eligible 300 300 off by 0 of 0: RECONCILED',
        'cash 52.27 52.27 off by 0 of 0: RECONCILED',
        'shares 0 0 off by 0 of 0: RECONCILED',
      ],
    ],
    [
      'is a break in the line that differs, with the difference',
      custodian({ eligible: '310', cash: '52.27' }),
      ['eligible 300 310 off by 10 of 0: BREAK', 'cash 52.27 52.27 off by 0 of 0: RECONCILED'],
    ],
    [
      'may not be a cent off',
      custodian({ cash: '52.26' }),
      ['cash 52.27 52.26 off by -0.01 of 0: BREAK'],
    ],
    [
      'is a break when it says that there is nothing',
      custodian({ eligible: '0', cash: '0' }),
      ['eligible 300 0 off by -300 of 0: BREAK', 'cash 52.27 0 off by -52.27 of 0: BREAK'],
    ],
  ])('%s', (_, stated, lines) => {
    const result = reconciled(aDividend, rows, stated);
    expect(told(result.custodian?.lines ?? [])).toEqual(lines);
    const breaks = lines.some((line) => line.endsWith('BREAK'));
    expect(result.status).toBe(breaks ? 'BREAK' : 'RECONCILED');
  });

  it('may be rounded once for all accounts together, as it is paid', () => {
    // 9 shares are 1.85 less 0.28, three times 3 shares 1.86 less 0.27.
    const [line] = reconciled(aDividend, three, custodian({ cash: '1.57' })).custodian?.lines ?? [];
    expect(line).toMatchObject({ expected: '1.59', difference: '-0.02', status: 'RECONCILED' });
    const [other] =
      reconciled(aDividend, three, custodian({ cash: '1.58' })).custodian?.lines ?? [];
    expect(other?.status).toBe('BREAK');
    const [own] = reconciled(aDividend, three, custodian({ cash: '1.59' })).custodian?.lines ?? [];
    expect(own?.status).toBe('RECONCILED');
  });
});

// Holders as they are posted to, written out once more: half up, per account.

const quantities = fc.array(
  fc
    .integer({ min: -500_000, max: 5_000_000 })
    .filter((n) => n !== 0)
    .map((n) => Quantity.units(BigInt(n) * 1_000_000n)),
  { minLength: 1, maxLength: 30 },
);
const prices = fc.integer({ min: 1, max: 100_000_000 }).map((n) => Price.units(BigInt(n)));
const percents = fc.integer({ min: 0, max: 1_000_000 }).map((n) => Percentage.units(BigInt(n)));
const hundred = Percentage.of('100');

const paidDividends = fc
  .record({
    quantities,
    price: prices,
    percent: percents,
    rate: fc.option(fc.integer({ min: 1, max: 3_000_000 })),
  })
  .map(({ quantities: held, price, percent, rate }) => {
    const exchange = rate === null ? null : Ratio.units(BigInt(rate) * 1_000_000n);
    const what = action('DIVIDEND', {
      amountPerShare: price,
      withholdingPercent: percent,
      currency: exchange === null ? null : currency('JPY'),
      exchangeRate: exchange,
    });
    const paidIn = exchange === null ? dollars : currency('JPY');
    const one = Ratio.of('1');
    const inDollars = (amount: Money): Money =>
      exchange === null ? amount : roundedQuotient(amount * exchange, one, dollars);
    const rows = held.map((eligible, n): ReconciledEntitlement => {
      const declared = amountOf(eligible, price, paidIn);
      const withheld =
        eligible > 0n ? roundedQuotient(declared * percent, hundred, paidIn) : Money.zero;
      const [amount, tax] = [inDollars(minus(declared, withheld)), inDollars(withheld)];
      return { ...none, account: `A${n}`, eligible, gross: plus(amount, tax), tax, amount };
    });
    return { what, rows };
  });

const splits = fc
  .record({
    quantities: fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 30 }),
    ratioNew: fc.integer({ min: 1, max: 20 }),
    ratioOld: fc.integer({ min: 1, max: 20 }),
    price: fc.integer({ min: 1, max: 100_000 }),
  })
  .map(({ quantities: held, ratioNew, ratioOld, price }) => {
    const what = action('STOCK_SPLIT', {
      ratioNew: Ratio.of(String(ratioNew)),
      ratioOld: Ratio.of(String(ratioOld)),
      fractions: 'CINL',
      priceInLieu: Price.units(BigInt(price) * 1_000_000n),
    });
    const share = Quantity.of('1');
    const rows = held.map((shares, n): ReconciledEntitlement => {
      const numerator = BigInt(shares * ratioNew);
      const whole = numerator / BigInt(ratioOld);
      const exact = (numerator * share) / BigInt(ratioOld);
      const left = numerator - whole * BigInt(ratioOld);
      // Cents: the price has two decimals.
      const cents = (2n * left * BigInt(price) + BigInt(ratioOld)) / (2n * BigInt(ratioOld));
      const inLieu = Money.units(cents * 100n);
      const change = Quantity.units((whole - BigInt(shares)) * share);
      return {
        ...none,
        account: `A${n}`,
        eligible: Quantity.units(BigInt(shares) * share),
        ownShares: change,
        receivedShares: change,
        fraction: Quantity.units(exact - whole * share),
        cashInLieu: inLieu,
        amount: inLieu,
      };
    });
    return { what, rows };
  });

const all = fc.oneof(paidDividends, splits);

describe('CA-06 whoever the holders are', () => {
  it('what is posted by the rules reconciles', () => {
    fc.assert(
      fc.property(all, ({ what, rows }) => {
        const result = reconciled(what, rows);
        expect({ ...result, broken: result.broken }).toMatchObject({
          status: 'RECONCILED',
          accounts: rows.length,
          broken: [],
        });
      }),
      { numRuns: 500 },
    );
  });

  it('one entitlement that is a cent off is found, and named', () => {
    const inDividends = ['gross', 'tax', 'amount'] as const;
    const inSplits = ['cashInLieu', 'amount'] as const;
    fc.assert(
      fc.property(all, fc.nat(), fc.nat(), fc.boolean(), ({ what, rows }, place, nth, more) => {
        const at = place % rows.length;
        const cent = Money.of(more ? '0.01' : '-0.01');
        const row = rows[at] as ReconciledEntitlement;
        const known = what.actionType === 'STOCK_SPLIT' ? inSplits : inDividends;
        const name = known[nth % known.length] ?? 'amount';
        const changed = rows.with(at, { ...row, [name]: plus(row[name], cent) });
        const result = reconciled(what, changed);
        expect(result.status).toBe('BREAK');
        expect(result.broken.map(({ account }) => account)).toContain(row.account);
      }),
      { numRuns: 500 },
    );
  });
});
