import { toBase64 } from './base64.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import type { Place, ProblemCode } from './problem.ts';

/**
 * `proven`: it is what a key that was given signed. `whole`: it agrees with itself, and no key was given to
 * tell whose it is. `altered`: it is not what was signed. `unchecked`: it could not be told.
 */
export type Outcome = 'proven' | 'whole' | 'altered' | 'unchecked';

export type Subject = 'export' | 'package' | 'entry' | 'proof' | 'growth' | 'checkpoint';

/** What was verified and what came of it. */
export type Verdict =
  | {
      readonly outcome: 'proven' | 'whole';
      readonly subject: Subject;
      readonly facts: Facts;
    }
  | {
      readonly outcome: 'altered' | 'unchecked';
      /** Undefined when it can't be told what the file is. */
      readonly subject: Subject | undefined;
      readonly problem: { readonly code: ProblemCode; readonly sentence: string } & Place;
    };

/** What was shown. Which members there are, the subject tells. */
export interface Facts {
  readonly origin: string;
  /** The entries that the checkpoint covers, as a decimal text: it may be more than a double holds. */
  readonly size: string;
  /** In base64. */
  readonly root: string;
  /** The verifier keys by which the checkpoint is signed; of those that were given, or came with an export. */
  readonly signers: readonly string[];
  /** Of an export: its first and last entry. */
  readonly from?: number;
  readonly to?: number;
  /** Of an entry; or what the log had come to when a report was made. */
  readonly position?: number;
  readonly stream?: string;
  readonly version?: number;
  readonly type?: string;
  /** ISO 8601. */
  readonly recordedAt?: string;
  readonly eventId?: string;
  readonly userId?: string;
  /** Of a bare proof, from 0. */
  readonly index?: string;
  /** Of a proof of growth: the size of the earlier checkpoint. */
  readonly grownFrom?: string;
  /** Of a package. */
  readonly report?: string;
  readonly createdAt?: string;
  readonly files?: readonly string[];
  readonly proofs?: number;
}

export function checkpointFacts({ origin, size, root, signers }: SignedCheckpoint): Facts {
  const names = signers.map(({ text }) => text);
  return { origin, size: String(size), root: toBase64(root), signers: names };
}
