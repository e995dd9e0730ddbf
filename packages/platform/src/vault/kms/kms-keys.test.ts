import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { describeKeyProviderContract } from '../key-provider.contract.ts';
import { openKmsKeys, type KmsKeys } from './kms-keys.ts';
import { startLocalKms } from './local-kms.fixture.ts';

// The client signs each request, and looks for with what in the environment.
beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => vi.unstubAllEnvs());

describeKeyProviderContract('RC-04 AWS KMS', async () => {
  const { endpoint, keyId, stop } = await startLocalKms();
  const opened: KmsKeys[] = [];
  const open = (): KmsKeys => {
    const keys = openKmsKeys({ region: 'eu-central-1', keyId, endpoint });
    opened.push(keys);
    return keys;
  };
  return {
    provider: open(),
    reopened: async () => open(),
    shutOff: stop,
    destroy: async () => {
      for (const keys of opened) keys.close();
      await stop();
    },
  };
});

test('RC-04 KMS is told with each call which key it is about', async () => {
  const { endpoint, keyId, trail, stop } = await startLocalKms();
  onTestFinished(stop);
  const keys = openKmsKeys({ region: 'eu-central-1', keyId, endpoint });
  onTestFinished(() => keys.close());

  const { kept } = await keys.create('kek-1');
  await keys.open('kek-1', kept);
  await expect(keys.open('kek-2', kept)).rejects.toThrow('InvalidCiphertextException');

  expect(trail).toEqual([
    'GenerateDataKey {"counterfoil-key":"kek-1"}',
    'Decrypt {"counterfoil-key":"kek-1"}',
    'Decrypt {"counterfoil-key":"kek-2"}',
  ]);
});
