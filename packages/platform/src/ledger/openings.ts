import { plainSensitive, type Sensitive } from '@counterfoil/event-store';
import { accountStream, type AccountId } from '../domain/accounts/events.ts';
import { ErasedSubject } from '../vault/failures.ts';
import type { Vault } from '../vault/vault.ts';

/**
 * Opens accounts once the names of their owners are held. That takes a moment, in which later commands on the
 * same account must not overtake: they wait behind it.
 */
export interface Openings {
  /** Runs once the name is held. Rejects with a KeysUnavailable when it can't be, and nothing was run then. */
  open<Result>(
    id: AccountId,
    ownerName: string,
    run: (held: Sensitive) => Promise<Result>,
  ): Promise<Result>;
  /** Runs behind every opening of the account that came before: at once when there is none. */
  behind<Result>(id: AccountId, run: () => Promise<Result>): Promise<Result>;
}

export function createOpenings(vault: Pick<Vault, 'hold'>): Openings {
  // The last for each account whose name is being held.
  const underWay = new Map<AccountId, Promise<unknown>>();

  return {
    open: (id, ownerName, run) => {
      const before = underWay.get(id);
      const held = hold(vault, id, ownerName);
      // It may fail before anybody gets to it.
      held.catch(ignore);
      const turn = before === undefined ? held : before.then(() => held);
      const result = turn.then(run);
      // Who waits behind it goes on in any case, once this is decided on or can't be.
      const over = turn.then(ignore, ignore).finally(() => {
        if (underWay.get(id) === over) underWay.delete(id);
      });
      underWay.set(id, over);
      return result;
    },
    behind: (id, run) => {
      const before = underWay.size === 0 ? undefined : underWay.get(id);
      return before === undefined ? run() : before.then(run);
    },
  };
}

async function hold(vault: Pick<Vault, 'hold'>, id: AccountId, name: string): Promise<Sensitive> {
  try {
    return await vault.hold(accountStream(id), name);
  } catch (cause) {
    // The account of somebody who was erased is there: that it can't be opened again is the account's to say.
    if (cause instanceof ErasedSubject) return plainSensitive(name);
    throw cause;
  }
}

function ignore(): void {
  // See above.
}
