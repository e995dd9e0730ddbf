import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** Providers that sign whatever they are asked to: one a name, on a machine of their own. */
export interface Issuers {
  issuer(name: string): string;
  /** An access token as `claims` say, signed with the key that those of the name `good` publish. */
  sign(name: string, claims: object): Promise<string>;
  close(): Promise<void>;
}

/** How the keys of a name are answered; `good` are given. */
type Answer = (response: ServerResponse) => void;

const faults: Readonly<Record<string, Answer>> = {
  failing: (response) => void response.writeHead(500).end('out of order'),
  garbled: (response) => void response.end('<html>'),
  empty: (response) => void response.end('{}'),
  cut: (response) => void response.destroy(),
};

export const faultyIssuers = Object.keys(faults);

export async function startIssuers(): Promise<Issuers> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'EdDSA', use: 'sig' };
  const server = createServer((request, response) => {
    const [, name = '', rest] = (request.url ?? '').split('/');
    response.setHeader('content-type', 'application/json');
    if (rest === 'keys') {
      const answer = faults[name] ?? (() => response.end(JSON.stringify({ keys: [jwk] })));
      answer(response);
    } else {
      const metadata = { issuer: issuer(name), jwks_uri: `${issuer(name)}/keys` };
      response.end(JSON.stringify(metadata));
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const issuer = (name: string): string => `http://127.0.0.1:${port}/${name}`;
  return {
    issuer,
    sign: (name, claims) =>
      new SignJWT({ iss: issuer(name), ...claims })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'one' })
        .sign(privateKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
