/**
 * The keys can't be had for now: their provider or their store gives no answer, or not the one that is needed.
 * Nothing was changed; what needs no key goes on.
 */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** The subject was erased: its key is gone for ever, and it never gets another. */
export class ErasedSubject extends Error {
  override readonly name = 'ErasedSubject';
}

/** Sealed bytes, or a wrapped key, are not what was written at their place: somebody changed or moved them. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

/** Makes whatever fails a KeysUnavailable, except for what is one or is a finding about the keys themselves. */
export async function keysFrom<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (
      cause instanceof KeysUnavailable ||
      cause instanceof ErasedSubject ||
      cause instanceof SealBroken
    ) {
      throw cause;
    }
    throw new KeysUnavailable(`${what} can't be used now (${String(cause)}): try again`, { cause });
  }
}
