import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A service with the JSON API of AWS KMS (its API reference, "GenerateDataKey" and "Decrypt"), as far as it is
 * used here: the key never leaves it, and the encryption context is bound to what it encrypts.
 */
export interface LocalKms {
  readonly endpoint: string;
  readonly keyId: string;
  /** What it was asked, as its trail would show. */
  readonly trail: readonly string[];
  stop(): Promise<void>;
}

interface KmsRequest {
  readonly KeyId: string;
  readonly NumberOfBytes?: number;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext?: Readonly<Record<string, string>>;
}

const keyId = '11111111-2222-3333-4444-555555555555';

export async function startLocalKms(): Promise<LocalKms> {
  const master = randomBytes(32);
  const trail: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const action = String(request.headers['x-amz-target']).replace('TrentService.', '');
      const body = JSON.parse(Buffer.concat(chunks).toString()) as KmsRequest;
      trail.push(`${action} ${JSON.stringify(body.EncryptionContext)}`);
      const [status, answer] = answerTo(master, action, body);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    keyId,
    trail,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerTo(master: Buffer, action: string, body: KmsRequest): [number, object] {
  if (body.KeyId !== keyId) return refusal('NotFoundException');
  const context = Buffer.from(JSON.stringify(body.EncryptionContext ?? {}));
  if (action === 'GenerateDataKey') {
    const secret = randomBytes(body.NumberOfBytes ?? 0);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', master, nonce, { authTagLength: 16 });
    cipher.setAAD(context);
    const hidden = Buffer.concat([cipher.update(secret), cipher.final()]);
    const blob = Buffer.concat([nonce, cipher.getAuthTag(), hidden]);
    return [
      200,
      {
        KeyId: keyId,
        Plaintext: secret.toString('base64'),
        CiphertextBlob: blob.toString('base64'),
      },
    ];
  }
  if (action !== 'Decrypt') return refusal('UnknownOperationException');
  try {
    const blob = Buffer.from(body.CiphertextBlob ?? '', 'base64');
    const decipher = createDecipheriv('aes-256-gcm', master, blob.subarray(0, 12), {
      authTagLength: 16,
    });
    decipher.setAAD(context);
    decipher.setAuthTag(blob.subarray(12, 28));
    const secret = Buffer.concat([decipher.update(blob.subarray(28)), decipher.final()]);
    return [200, { KeyId: keyId, Plaintext: secret.toString('base64') }];
  } catch {
    return refusal('InvalidCiphertextException');
  }
}

function refusal(type: string): [number, object] {
  return [400, { __type: type, message: type }];
}
