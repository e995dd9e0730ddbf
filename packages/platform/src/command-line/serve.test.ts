import { describe, expect, test } from 'vitest';
import {
  environmentOf,
  runHere,
  startProcess,
  temporaryDirectory,
} from './command-line.fixture.ts';

const everywhere = { COUNTERFOIL_HOST: '0.0.0.0', COUNTERFOIL_PORT: '0' };

describe('RC-04 the program is not reached from elsewhere in the clear', () => {
  test.each([
    [['serve'], /COUNTERFOIL_HOST is 0\.0\.0\.0, and there is no TLS: set "tls" .* or "insecure"/],
    [['serve', '--demo'], /--demo gives away tokens, so it listens on this machine only/],
  ])('%o does not start there', async (command, sentence) => {
    const environment = { ...environmentOf(await temporaryDirectory()), ...everywhere };
    const { code, output, errors } = await runHere(command, environment);
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(sentence);
  });
});

describe('RC-06 the first start', () => {
  test('prints the password of the administrator once, and the second does not', async () => {
    const environment = {
      ...environmentOf(await temporaryDirectory()),
      COUNTERFOIL_PORT: '0',
      COUNTERFOIL_LOG_LEVEL: 'trace',
    };
    const first = startProcess(['serve'], environment);
    await first.said(/with the password \S+/);
    first.process.kill('SIGTERM');
    const { output, errors } = await first.ended;
    const [, password = ''] = /as admin, with the password (\S+)/.exec(output) ?? [];
    expect(password.length).toBeGreaterThan(15);
    expect(errors).not.toContain(password);

    const second = startProcess(['serve'], environment);
    await second.said(/ {2}data /);
    second.process.kill('SIGTERM');
    expect((await second.ended).output).not.toMatch(/password/);
  });
});
