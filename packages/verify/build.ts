/**
 * Builds what is published into dist/: JavaScript that Node 20 and browsers run as it is, and verify.html,
 * one file that an auditor opens without a server or a network. As with the event store, dist/ has a
 * package.json of its own; publish with `npm publish ./packages/verify/dist`.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

rmSync(path('dist'), { recursive: true, force: true });
compile();
await writePage();
writeManifest();
chmodSync(path('dist/cli/main.js'), 0o755);
copyFileSync(path('../../LICENSE'), path('dist/LICENSE'));
copyFileSync(path('README.md'), path('dist/README.md'));

function compile(): void {
  const tsc = path('../../node_modules/@typescript/native/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', path('tsconfig.build.json')], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}

/** Script and style stand in the page itself; its policy lets it run these, and reach nothing else. */
async function writePage(): Promise<void> {
  const bundle = await rolldown({ input: path('dist/page/page.js') });
  const { output } = await bundle.generate({ format: 'iife', minify: false });
  const [{ code }] = output;
  if (code.includes('</script')) throw new Error('the script would end before its end');
  const style = readFileSync(path('src/page/page.css'), 'utf8');
  const policy = [
    `default-src 'none'`,
    `script-src ${sourceHash(code)}`,
    `style-src ${sourceHash(style)}`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  const parts: Readonly<Record<string, string>> = {
    [`default-src 'none'`]: policy,
    '<link rel="stylesheet" href="page.css" />': `<style>${style}</style>`,
    '<script src="page.js"></script>': `<script>${code}</script>`,
  };
  let page = readFileSync(path('src/page/page.html'), 'utf8');
  for (const [place, text] of Object.entries(parts)) {
    if (!page.includes(place)) throw new Error(`the page has no ${place}`);
    page = page.replace(place, () => text);
  }
  writeFileSync(path('dist/verify.html'), page);
}

/** As a content security policy names what may stand in the page. */
function sourceHash(source: string): string {
  return `'sha256-${createHash('sha256').update(source).digest('base64')}'`;
}

function writeManifest(): void {
  const source = JSON.parse(readFileSync(path('package.json'), 'utf8')) as Record<string, unknown>;
  const published = {
    ...source,
    bin: { 'counterfoil-verify': './cli/main.js' },
    exports: { '.': { types: './verify.d.ts', default: './verify.js' } },
    // `undefined` leaves a field out of JSON.
    private: undefined,
    scripts: undefined,
    devDependencies: undefined,
  };
  writeFileSync(path('dist/package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
}
