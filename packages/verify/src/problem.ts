/** What can be wrong with what was given to verify, by a stable code. */
export type ProblemCode =
  /** Not written as the format says it has to be. */
  | 'MALFORMED'
  /** A signature by a known key does not fit what it signs. */
  | 'SIGNATURE_INVALID'
  /** No signature is by a known key. */
  | 'KEY_UNKNOWN'
  /** Of another log than it says. */
  | 'ORIGIN_DIFFERS'
  /** Entries are missing, doubled or in another order. */
  | 'POSITION_WRONG'
  /** An entry is not what was sealed. */
  | 'ENTRY_ALTERED'
  /** The entries, each right by itself, are not those that were signed. */
  | 'ROOT_DIFFERS'
  /** A proof does not lead to the root that was signed. */
  | 'PROOF_WRONG'
  /** A checkpoint that was kept elsewhere says something else. */
  | 'CHECKPOINT_CONTRADICTED'
  /** It ends before a checkpoint that was kept elsewhere. */
  | 'CUT_OFF'
  | 'FILE_ALTERED'
  | 'FILE_MISSING'
  | 'FILE_UNEXPECTED'
  /** Not to be told whether it is right: no format that is known here, or a checkpoint that can't be compared. */
  | 'NOT_COMPARABLE'
  | 'UNRECOGNIZED';

/** Where a problem is, as exactly as it can be told. */
export interface Place {
  /** Of a text, from 1. */
  readonly line?: number;
  /** Of an entry of the log. */
  readonly position?: number;
  /** A file of a package. */
  readonly member?: string;
}

/** Thrown where what is verified turns out not to be right; the message is the sentence that says why. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly place: Place;

  constructor(code: ProblemCode, sentence: string, place: Place = {}) {
    super(sentence);
    this.code = code;
    this.place = place;
  }

  /** The same at a place that only the caller knows. */
  at(place: Place): Problem {
    return new Problem(this.code, this.message, { ...place, ...this.place });
  }
}

/** Runs a step; a problem that it finds is told with its place. */
export async function placed<Result>(place: Place, step: () => Result | Promise<Result>) {
  try {
    return await step();
  } catch (failure) {
    throw failure instanceof Problem ? failure.at(place) : failure;
  }
}
