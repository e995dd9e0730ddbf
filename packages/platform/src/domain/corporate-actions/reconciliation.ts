import { divide } from '@counterfoil/event-store';
import { magnitude, Money, plus, Quantity } from '../money/money.ts';
import type { CustodianTotal } from './commands.ts';
import {
  checkedLines,
  type CheckedLine,
  type ReconciledAction,
  type ReconciledEntitlement,
} from './reconciled-lines.ts';

// Whether what was posted is what the terms say, account by account and in sum, and what the custodian says.

/** Decimals as text. */
export interface ReconciliationLine {
  readonly line: string;
  /** By the terms, of all that is eligible; of the custodian's lines what is posted. */
  readonly expected: string;
  /** What is posted; of the custodian's lines what it states. */
  readonly actual: string;
  /** `actual - expected`. */
  readonly difference: string;
  /** How great the difference may be: at most half a minor unit an account where one amount is rounded. */
  readonly tolerance: string;
  readonly status: 'RECONCILED' | 'BREAK';
}

export interface BrokenEntitlement {
  readonly account: string;
  readonly line: string;
  readonly expected: string;
  readonly actual: string;
  readonly difference: string;
}

export interface Reconciliation {
  readonly status: 'RECONCILED' | 'BREAK';
  readonly accounts: number;
  readonly eligible: Quantity;
  readonly lines: readonly ReconciliationLine[];
  /** Entitlements that are not what the terms say. */
  readonly brokenEntitlements: number;
  /** The first of them. */
  readonly broken: readonly BrokenEntitlement[];
  readonly custodian:
    | { readonly name: string; readonly lines: readonly ReconciliationLine[] }
    | undefined;
}

/** What has been seen so far: as large for a million accounts as for one. */
export interface ReconciliationSums {
  readonly action: ReconciledAction;
  readonly version: number;
  readonly checks: readonly CheckedLine[];
  readonly accounts: number;
  readonly eligible: Quantity;
  readonly cash: Money;
  readonly shares: Quantity;
  /** By line. */
  readonly posted: readonly bigint[];
  readonly exact: readonly bigint[];
  readonly brokenEntitlements: number;
  readonly broken: readonly BrokenEntitlement[];
}

const shownMax = 100;

/** Of the version of an action that the accounts are to have. */
export function nothingReconciled(action: ReconciledAction, version: number): ReconciliationSums {
  const checks = checkedLines(action);
  const zeros = checks.map(() => 0n);
  return {
    action,
    version,
    checks,
    accounts: 0,
    eligible: Quantity.zero,
    cash: Money.zero,
    shares: Quantity.zero,
    posted: zeros,
    exact: zeros,
    brokenEntitlements: 0,
    broken: [],
  };
}

export function withEntitlement(
  sums: ReconciliationSums,
  row: ReconciledEntitlement,
): ReconciliationSums {
  const faults = faultsOf(sums, row);
  return {
    ...sums,
    accounts: sums.accounts + 1,
    eligible: plus(sums.eligible, row.eligible),
    cash: plus(sums.cash, row.amount),
    shares: plus(sums.shares, row.receivedShares),
    posted: sums.checks.map((check, n) => (sums.posted[n] ?? 0n) + check.posted(row)),
    exact: sums.checks.map((check, n) => (sums.exact[n] ?? 0n) + check.exact(row)),
    brokenEntitlements: sums.brokenEntitlements + (faults.length === 0 ? 0 : 1),
    broken: [...sums.broken, ...faults].slice(0, shownMax),
  };
}

function faultsOf(
  { checks, version }: ReconciliationSums,
  row: ReconciledEntitlement,
): readonly BrokenEntitlement[] {
  const { account } = row;
  if (row.version !== version) {
    const [expected, actual] = [version, row.version];
    const difference = String(actual - expected);
    return [{ account, line: 'version', expected: `${expected}`, actual: `${actual}`, difference }];
  }
  return checks.flatMap((check) => {
    const [due, posted] = [check.due(row), check.posted(row)];
    if (due === posted) return [];
    const text = textOf(check);
    const [expected, actual, difference] = [text(due), text(posted), text(posted - due)];
    return [{ account, line: check.line, expected, actual, difference }];
  });
}

export function reconciliationOf(
  sums: ReconciliationSums,
  stated: CustodianTotal | undefined,
): Reconciliation {
  const lines = sums.checks.map((check, n) => {
    const [posted, exact] = [sums.posted[n] ?? 0n, sums.exact[n] ?? 0n];
    const { denominator } = check;
    const off = magnitude(posted * denominator - exact);
    const expected = divide(exact, denominator, 'half-up');
    const tolerance = BigInt(sums.accounts) * check.roundingMax;
    const status = off > tolerance ? ('BREAK' as const) : ('RECONCILED' as const);
    const text = textOf(check);
    return {
      line: check.line,
      expected: text(expected),
      actual: text(posted),
      difference: text(posted - expected),
      tolerance: text(divide(tolerance, denominator, 'up')),
      status,
    };
  });
  const custodian = stated && { name: stated.custodian, lines: custodianLines(sums, stated) };
  const all = [...lines, ...(custodian?.lines ?? [])];
  const isBroken = sums.brokenEntitlements > 0 || all.some(({ status }) => status === 'BREAK');
  const { accounts, eligible, brokenEntitlements, broken } = sums;
  const status = isBroken ? 'BREAK' : 'RECONCILED';
  return { status, accounts, eligible, lines, brokenEntitlements, broken, custodian };
}

function textOf({ unit }: Pick<CheckedLine, 'unit'>): (units: bigint) => string {
  return unit === 'money'
    ? (units) => Money.format(Money.units(units))
    : (units) => Quantity.format(Quantity.units(units));
}

function custodianLines(
  sums: ReconciliationSums,
  { eligible, cash, shares }: CustodianTotal,
): readonly ReconciliationLine[] {
  return [
    ...(eligible === null ? [] : [statedLine('eligible', 'shares', sums.eligible, eligible)]),
    ...(cash === null ? [] : [statedLine('cash', 'money', sums.cash, cash, paidAtOnce(sums))]),
    ...(shares === null ? [] : [statedLine('shares', 'shares', sums.shares, shares)]),
  ];
}

/** `otherwise`: what may be stated in its place. */
function statedLine(
  line: string,
  unit: CheckedLine['unit'],
  posted: bigint,
  stated: bigint,
  otherwise = posted,
): ReconciliationLine {
  const text = textOf({ unit });
  return {
    line,
    expected: text(posted),
    actual: text(stated),
    difference: text(stated - posted),
    tolerance: text(magnitude(otherwise - posted)),
    status: stated === posted || stated === otherwise ? 'RECONCILED' : 'BREAK',
  };
}

/**
 * What is paid to a custodian that holds all of it in one account, where it is rounded once; undefined where it
 * does not follow from the quantity alone.
 */
function paidAtOnce({ action, checks, eligible }: ReconciliationSums): bigint | undefined {
  const whole = { ...nobody, eligible };
  const [first, second] = checks;
  switch (action.actionType) {
    case 'DIVIDEND': {
      const gross = Money.units(first?.due(whole) ?? 0n);
      return gross - (second?.due({ ...whole, gross }) ?? 0n);
    }
    case 'RETURN_OF_CAPITAL':
      return first?.due(whole);
    case 'STOCK_SPLIT':
    case 'STOCK_DIVIDEND':
    case 'MERGER':
    case 'SPIN_OFF':
    case 'RIGHTS_ISSUE':
    case 'TENDER_OFFER':
    case 'SYMBOL_CHANGE':
      return undefined;
  }
}

const nobody: ReconciledEntitlement = {
  account: '',
  version: 0,
  eligible: Quantity.zero,
  gross: Money.zero,
  tax: Money.zero,
  cashInLieu: Money.zero,
  fraction: Quantity.zero,
  amount: Money.zero,
  ownShares: Quantity.zero,
  receivedShares: Quantity.zero,
};
