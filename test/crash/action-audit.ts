import path from 'node:path';
import { checkConsistency, openReadModels } from '@counterfoil/event-store/projections';
import { loadConfig } from '../../packages/platform/src/config.ts';
import { accountDecider } from '../../packages/platform/src/domain/accounts/account.ts';
import {
  accountStream,
  type AccountEvent,
} from '../../packages/platform/src/domain/accounts/events.ts';
import type { AccountState } from '../../packages/platform/src/domain/accounts/state.ts';
import { Money, Quantity } from '../../packages/platform/src/domain/money/money.ts';
import { projections } from '../../packages/platform/src/read-models/projections.ts';
import { openLog } from '../../packages/platform/src/stores.ts';
import { must } from '../simulation/must.ts';
import { cashOf, held, holderName, moneyOf, sharesOf } from './holders.ts';

/** What a round has announced, and the version that is to be in force in the end. */
export interface Announced {
  readonly dividend: { readonly id: string; readonly version: number; readonly mills: bigint };
  readonly split: { readonly id: string };
}

/** What holders of so many shares get, in cents; worked out by hand, not by the program. */
export function entitlementOf(number: number, { dividend }: Announced) {
  const shares = sharesOf(number);
  const gross = (shares * dividend.mills + 5n) / 10n;
  const tax = (gross * 15n + 50n) / 100n;
  const after = (shares * 3n) / 2n;
  // Half a share at 66.67 is 33.335.
  const cashInLieu = shares % 2n === 1n ? 33_34n : 0n;
  return { shares, gross, tax, received: after - shares, after, cashInLieu };
}

interface Posted {
  readonly stream: string;
  readonly type: string;
  readonly data: { readonly actionId: string; readonly actionVersion: number };
}

/**
 * Reads the log of a program that was killed: every holder has each action once, in the version in force, and
 * what was posted of a version before it was taken back; cash and shares are what they should be, to the cent.
 * Answers how many postings there are.
 */
export async function checkHolders(
  directory: string,
  holders: number,
  announced: Announced,
): Promise<number> {
  const log = await openLog(loadConfig({ environment: { COUNTERFOIL_DATA_DIR: directory } }));
  const accounts = new Map<string, AccountState>();
  const balances = new Map<string, number>();
  let postings = 0;
  try {
    for (let after = 0; ;) {
      const page = await log.readAll({ after, limit: 5_000 });
      for (const event of page.events) {
        const { stream, type, data } = event as unknown as Posted;
        if (!stream.startsWith('account-')) continue;
        const fact = event as unknown as AccountEvent;
        accounts.set(stream, accountDecider.evolve(accounts.get(stream), fact));
        if (type !== 'EntitlementPosted' && type !== 'EntitlementReversed') continue;
        if (type === 'EntitlementPosted') postings += 1;
        const key = `${stream} ${data.actionId} ${data.actionVersion}`;
        const balance = (balances.get(key) ?? 0) + (type === 'EntitlementPosted' ? 1 : -1);
        must(balance === 0 || balance === 1, () => `${key} was posted, or taken back, twice`);
        balances.set(key, balance);
      }
      after = page.scannedTo;
      if (!page.more) break;
    }
  } finally {
    await log.close();
  }
  for (let number = 0; number < holders; number += 1) {
    const stream = accountStream(holderName(number));
    const { dividend, split } = announced;
    for (let version = 1; version <= dividend.version; version += 1) {
      const count = balances.get(`${stream} ${dividend.id} ${version}`) ?? 0;
      must(
        count === (version === dividend.version ? 1 : 0),
        () => `${stream} has version ${version} of the dividend ${count} times`,
      );
    }
    must(balances.get(`${stream} ${split.id} 1`) === 1, () => `${stream} has not the split once`);
    checkBalance(number, accounts.get(stream), announced);
  }
  return postings;
}

function checkBalance(number: number, account: AccountState, announced: Announced): void {
  const { gross, tax, after, cashInLieu } = entitlementOf(number, announced);
  const cash = moneyOf(cashOf(number) + gross - tax + cashInLieu);
  const there = account?.cash ?? Money.zero;
  must(
    there === cash,
    () => `${holderName(number)} has ${Money.format(there)}, and should have ${Money.format(cash)}`,
  );
  const position = account?.positions.find(({ symbol }) => symbol === held);
  const quantity = position?.quantity ?? Quantity.zero;
  must(
    quantity === Quantity.of(String(after)),
    () => `${holderName(number)} holds ${Quantity.format(quantity)}, and should hold ${after}`,
  );
  const inLots = (position?.lots ?? []).reduce((sum, lot) => sum + lot.quantity, 0n);
  must(inLots === quantity, () => `the lots of ${holderName(number)} sum to ${inLots}`);
}

/** The totals of an action as the program tells them, held against the sum over all holders. */
export function checkTotals(
  holders: number,
  announced: Announced,
  told: { readonly dividend: object; readonly split: object },
): void {
  let [shares, gross, tax, received, cashInLieu] = [0n, 0n, 0n, 0n, 0n];
  for (let number = 0; number < holders; number += 1) {
    const one = entitlementOf(number, announced);
    shares += one.shares;
    gross += one.gross;
    tax += one.tax;
    received += one.received;
    cashInLieu += one.cashInLieu;
  }
  const eligible = String(shares);
  const dividend = {
    accounts: holders,
    eligible,
    gross: centsText(gross),
    tax: centsText(tax),
    cash: centsText(gross - tax),
    shares: '0',
  };
  const split = {
    accounts: holders,
    eligible,
    gross: '0',
    tax: '0',
    cash: centsText(cashInLieu),
    shares: String(received),
  };
  for (const [expected, actual] of [
    [dividend, told.dividend],
    [split, told.split],
  ] as const) {
    const [one, other] = [JSON.stringify(expected), JSON.stringify(actual)];
    must(one === other, () => `the totals are ${other}, and should be ${one}`);
  }
}

/** Folds all read models of a program that was killed afresh. */
export async function checkReadModels(directory: string): Promise<void> {
  const log = await openLog(loadConfig({ environment: { COUNTERFOIL_DATA_DIR: directory } }));
  const file = path.join(directory, 'read-models.sqlite');
  const database = await openReadModels({ kind: 'sqlite', file });
  try {
    for (const projection of projections) {
      const result = await checkConsistency({ log, database, projection });
      must(result.equal, () => `a read model differs from the log: ${JSON.stringify(result)}`);
    }
  } finally {
    await database.close();
    await log.close();
  }
}

function centsText(cents: bigint): string {
  return Money.format(moneyOf(cents));
}
