import type { EventStorage } from '../storage.ts';

/** A storage under test. */
export interface StorageUnderTest {
  readonly storage: EventStorage;
  /** Closes it and opens the same log anew; absent where nothing outlives the process. */
  readonly reopen?: () => Promise<EventStorage>;
  /** Another storage on the same log, as another process would have it; absent where there can't be. */
  readonly beside?: () => Promise<EventStorage>;
  /** Closes whatever is open and removes the log. */
  destroy(): Promise<void>;
}

/** A fresh log with the first type of event registered; the suite closes and destroys it after the test. */
export type Opened = () => Promise<StorageUnderTest & { readonly schema: number }>;

/** A second writer on the log: from another process where that can be, else the same storage again. */
export async function secondWriter({ storage, beside }: StorageUnderTest): Promise<EventStorage> {
  return (await beside?.()) ?? storage;
}
