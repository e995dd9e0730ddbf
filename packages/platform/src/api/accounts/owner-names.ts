import type { EventLog, EventOf, Sensitive } from '@counterfoil/event-store';
import { accountStream, type AccountId, type AccountOpened } from '../../domain/accounts/events.ts';
import { KeysUnavailable } from '../../vault/failures.ts';
import type { Vault } from '../../vault/vault.ts';

/** What is shown of an owner's name. */
export interface OwnerName {
  readonly ownerName: string | null;
  readonly ownerErased: boolean;
}

/** While the keys are away everything else of an account is shown. */
export const unreadable: OwnerName = { ownerName: null, ownerErased: false };

const erased: OwnerName = { ownerName: null, ownerErased: true };

interface SealedName {
  readonly accountId: AccountId;
  /** Null once the owner is erased. */
  readonly sealed: Sensitive | string | null;
}

/** The names of many, whose keys are fetched together; in the order given. */
export async function ownerNames(
  vault: Pick<Vault, 'openAll'>,
  names: readonly SealedName[],
): Promise<readonly OwnerName[]> {
  const there = names.flatMap(({ accountId, sealed }) =>
    sealed === null ? [] : [{ subject: accountStream(accountId), value: sealed }],
  );
  let opened: readonly (string | undefined)[];
  try {
    opened = await vault.openAll(there);
  } catch (cause) {
    if (!(cause instanceof KeysUnavailable)) throw cause;
    return names.map(({ sealed }) => (sealed === null ? erased : unreadable));
  }
  let next = 0;
  return names.map(({ sealed }) => {
    const name = sealed === null ? undefined : opened[next++];
    return name === undefined ? erased : { ownerName: name, ownerErased: false };
  });
}

/** The name of one, from where it stands in the log: read models may be behind. */
export async function ownerName(
  log: Pick<EventLog, 'readStream'>,
  vault: Pick<Vault, 'openAll'>,
  accountId: AccountId,
): Promise<OwnerName> {
  const [first] = await log.readStream(accountStream(accountId), { limit: 1 });
  const opened = first?.data as EventOf<typeof AccountOpened>['data'] | undefined;
  const names = await ownerNames(vault, [{ accountId, sealed: opened?.ownerName ?? null }]);
  return names[0] ?? unreadable;
}
