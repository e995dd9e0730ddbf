/**
 * Builds what is published into dist/: Node strips no types below node_modules, so a package must
 * carry JavaScript. dist/ has a package.json of its own, since npm publishes `exports` as they
 * stand and here they name the sources. Publish with `npm publish ./packages/event-store/dist`;
 * this folder itself is private so that the sources cannot be published by mistake.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

rmSync(path('dist'), { recursive: true, force: true });
compile();
writeManifest();
copyFileSync(path('../../LICENSE'), path('dist/LICENSE'));
if (existsSync(path('README.md'))) copyFileSync(path('README.md'), path('dist/README.md'));

function compile(): void {
  const tsc = path('../../node_modules/@typescript/native/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', path('tsconfig.build.json')], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}

function writeManifest(): void {
  const source = JSON.parse(readFileSync(path('package.json'), 'utf8')) as {
    exports: Record<string, string>;
  };
  const exports = Object.fromEntries(
    Object.entries(source.exports).map(([entry, file]) => {
      const built = file.replace('./src/', './').replace(/\.ts$/, '');
      return [entry, { types: `${built}.d.ts`, default: `${built}.js` }];
    }),
  );
  const manifest = { ...source, exports };
  // `undefined` leaves a field out of JSON.
  const published = {
    ...manifest,
    private: undefined,
    scripts: undefined,
    devDependencies: undefined,
  };
  writeFileSync(path('dist/package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
}
