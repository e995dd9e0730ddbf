import type { AccountId } from '../domain/accounts/events.ts';

export interface HolderPage<Item> {
  readonly items: readonly Item[];
  /** The account behind which the next page begins; undefined when there is none. */
  readonly next: AccountId | undefined;
}

export interface HolderScan<Item> {
  /** Accounts in order of their ids, behind the one given. */
  readonly list: (after: AccountId | undefined, limit: number) => Promise<readonly AccountId[]>;
  readonly after: AccountId | undefined;
  readonly limit: number;
  /** What there is to say of each account, in their order; undefined for nothing. */
  readonly look: (accounts: readonly AccountId[]) => Promise<readonly (Item | undefined)[]>;
}

const atOnce = 100;
/** A page may be short of its limit, so that no request looks at all holders for those few it finds. */
const scannedMax = 2_000;

/** Goes through holders until a page is full, or enough of them have been looked at. */
export async function pageOfHolders<Item>(scan: HolderScan<Item>): Promise<HolderPage<Item>> {
  const { list, limit, look } = scan;
  const items: Item[] = [];
  let { after } = scan;
  for (let scanned = 0; scanned < scannedMax;) {
    const size = Math.min(atOnce, limit + 1);
    const accounts = await list(after, size);
    const found = await look(accounts);
    for (const [place, account] of accounts.entries()) {
      const item = found[place];
      // One more than fits shows that there is a next page.
      if (item !== undefined && items.length === limit) return { items, next: after };
      if (item !== undefined) items.push(item);
      after = account;
    }
    if (accounts.length < size) return { items, next: undefined };
    scanned += accounts.length;
  }
  return { items, next: after };
}
