import type { SignedCheckpoint } from './checkpoint.ts';
import { hashIn } from './hash-text.ts';
import { Problem } from './problem.ts';
import { requireConsistency } from './proofs.ts';
import { requireOrigin } from './trust.ts';

/**
 * Verifies that the log of one kept checkpoint goes on from that of another, by what
 * `GET /api/v1/audit/consistency` answers. Throws a Problem when it does not, or a checkpoint is not there.
 */
export function verifyGrowth(text: string, kept: readonly SignedCheckpoint[]) {
  const { from, to, hashes } = parseGrowth(text);
  const earlier = checkpointOf(from, kept);
  const later = checkpointOf(to, kept);
  requireOrigin(earlier, later.origin);
  const growth = { from: earlier.size, fromRoot: earlier.root, to: later.size, toRoot: later.root };
  requireConsistency(growth, hashes.map(hashIn));
  return { from: earlier, to: later };
}

function checkpointOf(size: number, kept: readonly SignedCheckpoint[]): SignedCheckpoint {
  const found = kept.find((checkpoint) => checkpoint.size === BigInt(size));
  if (found !== undefined) return found;
  throw new Problem(
    'NOT_COMPARABLE',
    `a proof of growth needs the checkpoints of both sizes, and that of ${size} entries was not given`,
  );
}

interface Growth {
  readonly from: number;
  readonly to: number;
  readonly hashes: readonly string[];
}

function parseGrowth(text: string): Growth {
  let parsed: Partial<Growth> | null;
  try {
    parsed = JSON.parse(text) as Partial<Growth> | null;
  } catch {
    throw malformed();
  }
  const { from, to, hashes } = parsed ?? {};
  const isGrowth =
    Number.isSafeInteger(from) &&
    Number.isSafeInteger(to) &&
    Array.isArray(hashes) &&
    hashes.every((hash) => typeof hash === 'string');
  if (!isGrowth) throw malformed();
  return parsed as Growth;
}

function malformed(): Problem {
  return new Problem('MALFORMED', 'this is no proof of growth: it needs from, to and hashes');
}
