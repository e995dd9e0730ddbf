/** The proof of an entry as text (c2sp.org/tlog-proof): `hashes` from the leaf up, and the signed checkpoint. */
export function tlogProof(
  index: number,
  hashes: readonly Uint8Array[],
  checkpoint: string,
): string {
  const lines = hashes.map((hash) => `${Buffer.from(hash).toString('base64')}\n`);
  return `c2sp.org/tlog-proof@v1\nindex ${index}\n${lines.join('')}\n${checkpoint}`;
}
