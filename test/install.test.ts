import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

interface LockedPackage {
  readonly resolved?: string;
  readonly optionalDependencies?: Record<string, string>;
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));
}
const root = read('package.json') as { optionalDependencies: Record<string, string> };
const lock = read('package-lock.json') as { packages: Record<string, LockedPackage> };
const locked = Object.entries(lock.packages);

test('OP-01 tests run on the Node that the root package pins for this platform', () => {
  const platform = `${process.platform.replace('win32', 'win')}-${process.arch}`;
  const pinned = Object.entries(root.optionalDependencies).find(([name]) =>
    name.endsWith(platform),
  );
  const major = Number(process.versions.node.split('.')[0]);

  // On a platform without a pinned binary any Node from 24 on serves.
  if (pinned === undefined) expect(major).toBeGreaterThanOrEqual(24);
  else expect(process.versions.node).toBe(pinned[1]);
});

describe('OP-01 the lock file installs anywhere', () => {
  test('it lists the optional packages of every platform', () => {
    // npm leaves out, without a word, those that a registry lacks at the time; `npm ci` then fails.
    const present = new Set(locked.map(([path]) => path.split('node_modules/').at(-1)));
    const wanted = locked.flatMap(([, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {}),
    );
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((name) => !present.has(name))).toEqual([]);
  });

  test('it names no registry', () => {
    const addresses = locked.flatMap(([, { resolved }]) => resolved ?? []);
    expect(addresses.filter((address) => address.includes('://'))).toEqual([]);
  });
});
