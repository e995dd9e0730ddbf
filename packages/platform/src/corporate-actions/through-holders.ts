import { setImmediate } from 'node:timers/promises';
import type { AccountId } from '../domain/accounts/events.ts';

export interface HolderPages<Outcome> {
  /** The next accounts in order of their ids, behind the one given; none when there are no more. */
  list(after: AccountId | undefined): Promise<readonly AccountId[]>;
  /** The last account that is passed by; undefined to begin with the first. */
  readonly after: AccountId | undefined;
  begin(accounts: readonly AccountId[]): Promise<Outcome>;
  /** Called page after page, in order. */
  end(accounts: readonly AccountId[], outcome: Outcome): Promise<void> | void;
}

interface Page<Outcome> {
  readonly accounts: readonly AccountId[];
  readonly outcome: Promise<Outcome>;
}

/** Pages that are under way at a time: while the first is written, the others are decided on. */
const pagesAtOnce = 4;

/**
 * Goes through holders: `begin` with a page of them, and `end` with what came of it, while the next pages are
 * begun. When it rejects, nothing is under way any more.
 */
export async function throughHolders<Outcome>({
  list,
  after,
  begin,
  end,
}: HolderPages<Outcome>): Promise<void> {
  const begun: Page<Outcome>[] = [];
  const endFirst = async (): Promise<void> => {
    const first = begun.shift();
    if (first !== undefined) await end(first.accounts, await first.outcome);
  };
  try {
    for (let next = list(after); ;) {
      const accounts = await next;
      const last = accounts.at(-1);
      if (last === undefined) break;
      // Looked for while these are posted.
      next = list(last);
      next.catch(() => undefined);
      const outcome = begin(accounts);
      outcome.catch(() => undefined);
      begun.push({ accounts, outcome });
      if (begun.length === pagesAtOnce) await endFirst();
      // Whoever waits for an answer must not wait for all of them.
      await setImmediate();
    }
    while (begun.length > 0) await endFirst();
  } finally {
    await Promise.allSettled(begun.map(({ outcome }) => outcome));
  }
}

/** Does it with each; settles when none of it is under way any more. */
export async function withAll<Outcome>(
  accounts: readonly AccountId[],
  work: (account: AccountId) => Promise<Outcome>,
): Promise<Outcome[]> {
  const begun = accounts.map(work);
  await Promise.allSettled(begun);
  return Promise.all(begun);
}
