import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('tests run on the Node that the root package pins for this platform', () => {
  const root = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  const pinned = Object.entries(root.optionalDependencies).find(([name]) =>
    name.endsWith(`${process.platform.replace('win32', 'win')}-${process.arch}`),
  );
  const major = Number(process.versions.node.split('.')[0]);

  // On a platform without a pinned binary any Node from 24 on serves.
  if (pinned === undefined) expect(major).toBeGreaterThanOrEqual(24);
  else expect(process.versions.node).toBe(pinned[1]);
});
