import type { Bus } from '../../streams/bus.ts';
import type { RequestStore } from '../request-store.ts';

/** A store of requests under test, with the bus that its messages come to. */
export interface StoreUnderTest {
  readonly requests: RequestStore;
  readonly bus: Bus;
  /** It is there on the bus, and nobody else publishes to it. */
  readonly topic: string;
  /** Closes what is open, and opens the same store and the same bus anew. */
  reopen(): Promise<StoreUnderTest>;
  /** Closes whatever is open, which may be closed already, and removes it. */
  destroy(): Promise<void>;
}

/** What an implementation does otherwise, by its own account. */
export interface StoreHabits {
  /** It removes what is settled and out of time by itself, and `removeExpired` answers 0. */
  readonly expiresByItself?: boolean | undefined;
}

/** An empty store; the suite destroys it after the test. */
export type OpenedStore = () => Promise<StoreUnderTest>;
