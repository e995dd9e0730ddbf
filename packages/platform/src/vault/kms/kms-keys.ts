import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { KeyProvider } from '../key-provider.ts';

export interface KmsKeysOptions {
  readonly region: string;
  /** Id, ARN or alias of a symmetric key of AWS KMS. */
  readonly keyId: string;
  /** Of another service with the same API. */
  readonly endpoint: string | undefined;
}

export interface KmsKeys extends KeyProvider {
  close(): void;
}

const connectTimeoutMs = 2_000;
const requestTimeoutMs = 5_000;

/**
 * Key-encryption keys that AWS KMS makes and encrypts under a key that never leaves it. Each is bound to its id
 * by the encryption context, which also stands in the trail that KMS keeps of its use.
 */
export function openKmsKeys({ region, keyId, endpoint }: KmsKeysOptions): KmsKeys {
  const client = new KMSClient({
    region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: connectTimeoutMs, requestTimeout: requestTimeoutMs },
    ...(endpoint !== undefined && { endpoint }),
  });
  return {
    create: async (id) => {
      const { Plaintext: secret, CiphertextBlob: kept } = await client.send(
        new GenerateDataKeyCommand({
          KeyId: keyId,
          NumberOfBytes: 32,
          EncryptionContext: contextOf(id),
        }),
      );
      return { secret: secretOf(secret), kept: bytesOf(kept) };
    },
    open: async (id, kept) => {
      const { Plaintext: secret } = await client.send(
        new DecryptCommand({
          KeyId: keyId,
          CiphertextBlob: kept,
          EncryptionContext: contextOf(id),
        }),
      );
      return secretOf(secret);
    },
    // KMS keeps nothing of it.
    destroy: async () => {},
    close: () => client.destroy(),
  };
}

function contextOf(id: string) {
  return { 'counterfoil-key': id };
}

function secretOf(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes?.length === 32) return bytes;
  throw new Error('KMS answered with no key of 256 bits');
}

function bytesOf(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes !== undefined) return bytes;
  throw new Error('KMS answered without the encrypted key');
}
