import type { Clock, RandomBytes } from '@counterfoil/event-store';
import type { OpenedKeys } from '../opened-keys.ts';
import { createSubjectKeys, type OpenedKey, type SubjectKeys } from '../subject-keys.ts';

/** The data keys under which whole payloads are sealed. */
export type PayloadKeys = Pick<SubjectKeys, 'make' | 'find'>;

export type FoundKey = OpenedKey | 'erased' | undefined;

/** Keys, with those for payloads beside the vault's own: what is erased in one is in both. */
export type KeysWithPayloads = OpenedKeys & { readonly payloadKeys: PayloadKeys };

export function withPayloadKeys(
  keys: OpenedKeys,
  { clock, randomBytes }: { readonly clock: Clock; readonly randomBytes: RandomBytes },
): KeysWithPayloads {
  const { store, ring, vault } = keys;
  const payloadKeys = createSubjectKeys({ store, ring, clock, randomBytes });
  return {
    ...keys,
    payloadKeys,
    vault: {
      ...vault,
      erase: async (subject) => {
        await vault.erase(subject);
        await payloadKeys.erase(subject);
      },
      sweep: () => {
        vault.sweep();
        payloadKeys.sweep();
      },
    },
  };
}

/** Keys that are opened with the first that is needed: most logs have nothing sealed under them. */
export function keysWhenNeeded(
  open: () => Promise<Pick<KeysWithPayloads, 'payloadKeys' | 'close'>>,
): PayloadKeys & { close(): Promise<void> } {
  let opening: ReturnType<typeof open> | undefined;
  const opened = async (): Promise<PayloadKeys> => {
    opening ??= open().catch((failure: unknown) => {
      // It may be possible the next time.
      opening = undefined;
      throw failure;
    });
    return (await opening).payloadKeys;
  };
  return {
    make: async (subject) => (await opened()).make(subject),
    find: async (subjects) => (await opened()).find(subjects),
    close: async () => {
      const keys = opening;
      opening = undefined;
      await keys?.then(
        ({ close }) => close(),
        () => {},
      );
    },
  };
}
