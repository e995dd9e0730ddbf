import { fromBase64 } from './base64.ts';
import { hashIn } from './hash-text.ts';
import { Problem } from './problem.ts';

/** That a leaf is in the tree of a checkpoint (c2sp.org/tlog-proof). */
export interface TlogProof {
  readonly index: bigint;
  readonly hashes: readonly Uint8Array[];
  /** A signed note. */
  readonly checkpoint: string;
}

export const tlogProofHeader = 'c2sp.org/tlog-proof@v1';

/** More than any tree of 64-bit size is high. */
const hashesMax = 64;

/** Throws a Problem when the text is no such proof. What may stand under `extra` is not looked at. */
export function parseTlogProof(text: string): TlogProof {
  const end = text.indexOf('\n\n');
  if (end < 0) throw malformed('there is no empty line with a checkpoint below');
  const [header, ...rest] = text.slice(0, end).split('\n');
  if (header !== tlogProofHeader) throw malformed(`its first line is not "${tlogProofHeader}"`);
  const extra = rest[0]?.startsWith('extra ') === true ? rest.shift() : undefined;
  if (extra !== undefined && fromBase64(extra.slice('extra '.length)) === undefined) {
    throw malformed('its extra data is not in base64');
  }
  const [, index] = /^index (0|[1-9]\d{0,19})$/.exec(rest.shift() ?? '') ?? [];
  if (index === undefined) throw malformed('it has no line with the index');
  if (rest.length > hashesMax) throw malformed('it has more hashes than any tree is high');
  return { index: BigInt(index), hashes: rest.map(hashIn), checkpoint: text.slice(end + 2) };
}

function malformed(why: string): Problem {
  return new Problem('MALFORMED', `this is no proof of an entry: ${why}`);
}
