import { readFileSync } from 'node:fs';

/** A file of examples/data/merkle: vectors that others have published. */
export function vectors(name: string): unknown {
  const file = new URL(`../../../../examples/data/merkle/${name}`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}
