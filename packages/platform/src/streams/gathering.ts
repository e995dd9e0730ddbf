/**
 * Gathers what many callers want written into batches, one under way at a time, so that one transaction and
 * one flush to the disk serve all that came meanwhile. A caller alone waits for nobody.
 */
export interface Gathering<Item> {
  /** Resolves once the item's batch is written; rejects as the batch did. */
  add(item: Item): Promise<void>;
  /** Resolves once nothing waits and nothing is under way. */
  drain(): Promise<void>;
}

export function gather<Item>(write: (batch: readonly Item[]) => Promise<void>): Gathering<Item> {
  let waiting: { readonly item: Item; resolve(): void; reject(reason: unknown): void }[] = [];
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await write(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (reason) {
        for (const { reject } of batch) reject(reason);
      }
    }
    running = undefined;
  };

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        running ??= Promise.resolve().then(run);
      }),
    drain: async () => {
      while (running !== undefined) await running;
    },
  };
}
