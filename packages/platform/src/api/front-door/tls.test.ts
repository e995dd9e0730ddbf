import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError } from '../../config-error.ts';
import type { TlsFiles } from '../../config.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { followTls, readTls } from './tls.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
});
afterAll(() => fixture.close());

const place = mkdtempSync(path.join(tmpdir(), 'counterfoil-tls-'));
const files: TlsFiles = {
  certificate: path.join(place, 'certificate.pem'),
  key: path.join(place, 'key.pem'),
};

/** Makes a certificate and its key where the files are; answers the serial number. */
function renew(into: TlsFiles = files): string {
  const name = ['-subj', '/CN=localhost', '-days', '2', '-newkey', 'ec', '-nodes', '-x509'];
  const curve = ['-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const out = ['-keyout', into.key, '-out', into.certificate];
  execFileSync('openssl', ['req', ...name, ...curve, ...out], { stdio: 'ignore' });
  const shown = execFileSync('openssl', ['x509', '-in', into.certificate, '-noout', '-serial']);
  return shown.toString().trim().replace('serial=', '');
}

async function listening() {
  renew();
  const server = await fixture.withParts({ frontDoor: { tls: readTls(files) } });
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  return { server, port };
}

/** What a client with these options sees of the server: the protocol and the certificate. */
function greeted(port: number, options: ConnectionOptions = {}) {
  return new Promise<{ protocol: string | null; serial: string }>((resolve, reject) => {
    const socket: TLSSocket = connect(
      { port, host: '127.0.0.1', rejectUnauthorized: false, ...options },
      () => {
        const seen = {
          protocol: socket.getProtocol(),
          serial: socket.getPeerCertificate().serialNumber,
        };
        socket.destroy();
        resolve(seen);
      },
    );
    socket.once('error', reject);
  });
}

describe('RC-04 with a certificate', () => {
  test('clients of TLS 1.3 are served, and those of TLS 1.2 are not', async () => {
    const { port } = await listening();
    expect(await greeted(port)).toMatchObject({ protocol: 'TLSv1.3' });
    const old = greeted(port, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    await expect(old).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  });

  test('browsers are told to come by TLS only', async () => {
    const { server } = await listening();
    for (const url of ['/api/v1/accounts', '/docs/errors']) {
      const { headers } = await server.inject({ method: 'GET', url });
      expect(headers['strict-transport-security']).toMatch(/^max-age=15552000/);
    }
  });

  test('a renewed one is used by the next connection, and a broken one is not', async () => {
    const { server, port } = await listening();
    const failures: unknown[] = [];
    const stop = followTls(server.server as Server, files, {
      everyMs: 20,
      onFailure: (failure) => failures.push(failure),
    });
    onTestFinished(stop);
    const serial = renew();
    while ((await greeted(port)).serial !== serial) await sleep(20);

    writeFileSync(files.certificate, 'not a certificate');
    while (failures.every((failure) => !(failure instanceof ConfigError))) await sleep(20);
    expect((await greeted(port)).serial).toBe(serial);
  });

  test.each([
    ['is not there', { ...files, certificate: path.join(place, 'nowhere.pem') }, /can't be read/],
    ['is the one of another key', undefined, /no certificate and its key/],
  ])('it does not start when the certificate %s', (_, given, sentence) => {
    renew();
    const other = { certificate: path.join(place, 'o.pem'), key: path.join(place, 'o-key.pem') };
    renew(other);
    const wrong = given ?? { certificate: files.certificate, key: other.key };
    expect(() => readTls(wrong)).toThrow(ConfigError);
    expect(() => readTls(wrong)).toThrow(sentence);
    expect(readFileSync(files.key, 'utf8')).toContain('PRIVATE KEY');
  });
});
