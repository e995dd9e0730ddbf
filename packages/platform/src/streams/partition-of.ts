/**
 * The partition of a key: as Kafka's own clients choose it (`Utils.murmur2` and `toPositive` in Apache
 * Kafka's clients), so that whoever publishes, a key has one partition.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

/** MurmurHash 2 of 32 bits with Kafka's seed (Appleby 2008). Signed. */
export function murmur2(bytes: Uint8Array): number {
  const multiplier = 0x5bd1e995;
  const whole = bytes.length & ~3;
  let hash = 0x9747b28c ^ bytes.length;
  for (let at = 0; at < whole; at += 4) {
    let word =
      byteAt(bytes, at) |
      (byteAt(bytes, at + 1) << 8) |
      (byteAt(bytes, at + 2) << 16) |
      (byteAt(bytes, at + 3) << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier);
  }
  const left = bytes.length - whole;
  if (left === 3) hash ^= byteAt(bytes, whole + 2) << 16;
  if (left >= 2) hash ^= byteAt(bytes, whole + 1) << 8;
  if (left >= 1) hash = Math.imul(hash ^ byteAt(bytes, whole), multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
