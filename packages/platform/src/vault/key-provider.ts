/**
 * The port to whatever guards the key-encryption keys: a file that only its owner may read, or a key management
 * service. `key-provider.contract.ts` is the suite that every implementation passes. Every call may reject when
 * the provider is out of order; it ends by itself within some seconds.
 */
export interface KeyProvider {
  /** Makes a key of 256 bits under an id that is new. */
  create(id: string): Promise<CreatedKey>;
  /** The secret of a key that was created, given what was kept of it. Rejects for a destroyed one. */
  open(id: string, kept: Uint8Array): Promise<Uint8Array>;
  /**
   * Forgets a key for good, as far as the provider holds it; nothing to do for one that it does not know. A key
   * that the provider only encrypted is gone with what was kept of it.
   */
  destroy(id: string): Promise<void>;
}

export interface CreatedKey {
  readonly secret: Uint8Array;
  /** What has to be kept beside the data keys to open it again: nothing secret, perhaps nothing at all. */
  readonly kept: Uint8Array;
}
