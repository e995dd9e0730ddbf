import type { Bus } from '../bus.ts';

/** A bus under test. */
export interface BusUnderTest {
  readonly bus: Bus;
  /** Closes it and opens the same bus anew. */
  reopen(): Promise<Bus>;
  /** Closes whatever is open, and removes it. */
  destroy(): Promise<void>;
}

/** A fresh bus with the topic `orders`; the suite destroys it after the test. */
export type OpenedBus = (partitions?: number) => Promise<BusUnderTest>;
