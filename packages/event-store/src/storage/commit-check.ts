import type { Claim, Commit, StreamAppend } from './storage.ts';

/**
 * Refuses what no caller may send: a commit that names a stream twice, an expected version that is no
 * version, a claim's key of the wrong length, a commit that stands on one behind it. Throws a RangeError;
 * the batch must then not be written.
 */
export function checkCommits(batch: readonly Commit[]): void {
  for (const [place, { appends, claims, standsOn }] of batch.entries()) {
    if (standsOn !== undefined) checkStandsOn(standsOn, place, appends);
    for (const append of appends) checkExpectation(append);
    if (appends.length > 1) checkStreamsDiffer(appends);
    if (claims !== undefined) checkClaims(claims);
  }
}

const keyLengthMax = 500;

function checkClaims(claims: readonly Claim[]): void {
  for (const { key } of claims) {
    if (key.length === 0 || key.length > keyLengthMax) {
      throw new RangeError(`a claim's key takes 1 to ${keyLengthMax} characters`);
    }
  }
  if (new Set(claims.map(({ key }) => key)).size < claims.length) {
    throw new RangeError('a commit may claim a key once only');
  }
}

function checkStandsOn(standsOn: number, place: number, appends: readonly StreamAppend[]): void {
  if (!Number.isSafeInteger(standsOn) || standsOn < 0 || standsOn >= place) {
    throw new RangeError(`a commit stands on one before it in the batch, not on ${standsOn}`);
  }
  if (appends.length === 0) throw new RangeError('a commit that stands on another names a stream');
}

function checkExpectation({ stream, expected }: StreamAppend): void {
  if (expected === 'any' || expected === 'none') return;
  if (!Number.isSafeInteger(expected) || expected < 0) {
    throw new RangeError(`${expected} is no version that ${stream} could have`);
  }
}

function checkStreamsDiffer(appends: readonly StreamAppend[]): void {
  const streams = new Set(appends.map(({ stream }) => stream));
  if (streams.size < appends.length) {
    throw new RangeError('a commit may name a stream once only: put its records into one append');
  }
}
