import { RequestStoreFailure } from './request-store.ts';

/** Lets work through until the store is closed, and makes whatever fails a RequestStoreFailure. */
export interface Opened {
  <Result>(work: () => Promise<Result>): Promise<Result>;
  /** Closes once, however often it is called. */
  close(): Promise<void>;
}

export function openedStore(storeName: string, shut: () => Promise<void>): Opened {
  let closed: Promise<void> | undefined;
  const opened = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (closed !== undefined) throw new RequestStoreFailure('the store of requests is closed');
    return guarded(storeName, work);
  };
  return Object.assign(opened, {
    close: () => {
      closed ??= shut();
      return closed;
    },
  });
}

export async function guarded<Result>(
  storeName: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof RequestStoreFailure) throw cause;
    throw new RequestStoreFailure(`${storeName} can't be used now (${String(cause)}): try again`, {
      cause,
    });
  }
}
