/**
 * Gathers what many callers want written into batches, one under way at a time, so that one transaction and
 * one flush to the disk serve all that came meanwhile. A caller alone waits for nobody.
 */
export interface Gathering<Item, Result> {
  /** Resolves with the item's result once its batch is written; rejects as the batch did. */
  add(item: Item): Promise<Result>;
  /** Resolves once nothing waits and nothing is under way. */
  drain(): Promise<void>;
}

/** `write` answers with a result for each item of the batch, in order. */
export function gather<Item, Result>(
  write: (batch: readonly Item[]) => Promise<readonly Result[]>,
): Gathering<Item, Result> {
  let waiting: {
    readonly item: Item;
    resolve(result: Result): void;
    reject(reason: unknown): void;
  }[] = [];
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const results = await write(batch.map(({ item }) => item));
        for (const [place, { resolve }] of batch.entries()) resolve(results[place] as Result);
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
