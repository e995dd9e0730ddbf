import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';

/** Which files below a directory hold one of the texts. */
export async function filesWith(
  directory: string,
  texts: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const content = await readFile(file);
    if (texts.some((text) => holds(content, text))) found.push(path.relative(directory, file));
  }
  return found;
}

/** Which tables of a database hold one of the texts, in whatever column. */
export async function tablesWith(
  connectionString: string,
  texts: readonly string[],
): Promise<readonly string[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    const found: string[] = [];
    for (const { name } of rows) {
      // Bytes are shown in hexadecimal.
      const all = await client.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`);
      const lines = all.rows.map(({ line }) => line).join('\n');
      if (texts.some((text) => holds(Buffer.from(lines), text))) found.push(name);
    }
    return found;
  } finally {
    await client.end();
  }
}

/** As it is, or in one of the ways in which bytes are written as text. */
function holds(content: Buffer, text: string): boolean {
  const bytes = Buffer.from(text);
  return [bytes, bytes.toString('hex'), encodeURIComponent(text), ...base64Of(bytes)].some(
    (written) => content.includes(written),
  );
}

/** Base64 of bytes that begin at any place of a longer whole. */
function base64Of(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    return shifted.slice(4, -4);
  });
}
