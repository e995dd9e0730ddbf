/**
 * Asks the registry for known vulnerabilities of what is installed: `node .ci/audit.ts`. Ends with 1 when there are
 * any, and with 0 and a sentence when the registry can't be asked, as mirrors mostly can't.
 */
import { spawnSync } from 'node:child_process';

interface Audit {
  readonly error?: { readonly summary?: string };
  readonly message?: string;
  readonly metadata?: { readonly vulnerabilities: Readonly<Record<string, number>> };
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const { stdout } = spawnSync(npm, ['audit', '--json'], { encoding: 'utf8' });
const { metadata, error, message } = JSON.parse(stdout || '{}') as Audit;

if (metadata === undefined) {
  console.log(`not audited: ${message ?? error?.summary ?? 'npm audit said nothing'}`);
} else {
  const { total = 0, ...bySeverity } = metadata.vulnerabilities;
  console.log(`${total} known vulnerabilities: ${JSON.stringify(bySeverity)}`);
  if (total > 0) {
    console.log('see `npm audit`');
    process.exitCode = 1;
  }
}
