import { readFileSync } from 'node:fs';

/** A file of published test vectors: see examples/data/merkle. */
export function vectors(name: string): unknown {
  const file = new URL(`../../../examples/data/merkle/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}
