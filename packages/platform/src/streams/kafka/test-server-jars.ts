import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import jars from './test-server-jars.json' with { type: 'json' };

// What `org.apache.kafka:kafka_2.13:4.1.2` needs to run, and a logging backend that says nothing.
const repository = 'https://repo.maven.apache.org/maven2';
const cache = path.join(homedir(), '.cache', 'counterfoil');

/**
 * The files of Apache Kafka, fetched from Maven Central where they are not in the cache of this user. Rejects
 * when one can't be had, or is not the file that its checksum here is of.
 */
export async function fetchKafka(): Promise<readonly string[]> {
  return Promise.all(jars.map(fetchJar));
}

async function fetchJar({
  path: name,
  sha256,
}: {
  readonly path: string;
  readonly sha256: string;
}): Promise<string> {
  const file = path.join(cache, 'jars', name);
  const kept = await readFile(file).catch(() => undefined);
  if (kept !== undefined && checksumOf(kept) === sha256) return file;
  const content = await download(`${repository}/${name}`);
  if (checksumOf(content) !== sha256) {
    throw new Error(`${repository}/${name} is not the file that was expected: SHA-256 differs`);
  }
  await mkdir(path.dirname(file), { recursive: true });
  // Two runs may fetch the same file: each puts a whole one in place.
  const part = `${file}.${process.pid}`;
  await writeFile(part, content);
  await rename(part, file);
  return file;
}

async function download(url: string): Promise<Buffer> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (cause) {
    throw new Error(
      `${url} can't be had, and the tests on Kafka need it: reach Maven Central, or set COUNTERFOIL_BUS to kafka://host:port of a broker`,
      { cause },
    );
  }
}

function checksumOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
