/**
 * SHA-256 (FIPS 180-4), in pieces and synchronous: a browser's own takes a whole message and answers
 * later, which for a million leaves costs more than the hashing.
 */
export interface Sha256 {
  update(bytes: Uint8Array): Sha256;
  /** Writes the 32 bytes at `offset`, and begins anew. */
  digestInto(target: Uint8Array, offset: number): void;
  /** The 32 bytes; begins anew. */
  digest(): Uint8Array;
}

export const hashBytes = 32;
const blockBytes = 64;

/** The first bits of the fractional parts of roots of the first primes: sections 4.2.2 and 5.3.3. */
const primes: number[] = [];
for (let candidate = 2; primes.length < 64; candidate += 1) {
  if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
}
const initialState = Int32Array.from(primes.slice(0, 8), (prime) => fractionOfRoot(prime, 2));
const constants = Int32Array.from(primes, (prime) => fractionOfRoot(prime, 3));

const schedule = new Int32Array(64);

export function createSha256(): Sha256 {
  const state = new Int32Array(8);
  // What does not fill a block yet.
  const rest = new Uint8Array(blockBytes);
  let length = 0;
  state.set(initialState);

  const update = (bytes: Uint8Array): void => {
    let at = 0;
    const held = length % blockBytes;
    length += bytes.length;
    if (held > 0) {
      at = Math.min(blockBytes - held, bytes.length);
      rest.set(bytes.subarray(0, at), held);
      if (held + at < blockBytes) return;
      compress(state, rest, 0);
    }
    for (; at + blockBytes <= bytes.length; at += blockBytes) compress(state, bytes, at);
    if (at < bytes.length) rest.set(bytes.subarray(at));
  };
  const digestInto = (target: Uint8Array, offset: number): void => {
    finish(state, rest, length);
    for (let index = 0; index < 8; index += 1) {
      writeWord(target, offset + index * 4, state[index] ?? 0);
    }
    state.set(initialState);
    length = 0;
  };
  const hasher: Sha256 = {
    update: (bytes) => {
      update(bytes);
      return hasher;
    },
    digestInto,
    digest: () => {
      const hash = new Uint8Array(hashBytes);
      digestInto(hash, 0);
      return hash;
    },
  };
  return hasher;
}

const shared = createSha256();

/** The hash of one message. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return shared.update(bytes).digest();
}

/** Section 5.1.1: a one, zeros, and the length in bits fill the last block. */
function finish(state: Int32Array, rest: Uint8Array, length: number): void {
  let held = length % blockBytes;
  rest[held] = 0x80;
  held += 1;
  if (held > blockBytes - 8) {
    rest.fill(0, held);
    compress(state, rest, 0);
    held = 0;
  }
  rest.fill(0, held);
  writeWord(rest, blockBytes - 8, Math.floor(length / 0x2000_0000));
  writeWord(rest, blockBytes - 4, length << 3);
  compress(state, rest, 0);
}

function writeWord(target: Uint8Array, offset: number, word: number): void {
  target[offset] = word >>> 24;
  target[offset + 1] = word >>> 16;
  target[offset + 2] = word >>> 8;
  target[offset + 3] = word;
}

function fractionOfRoot(prime: number, root: number): number {
  // More bits than a double has: the integer root of the prime with so many zeros behind it.
  const scaled = BigInt(prime) << BigInt(32 * root);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(root) <= scaled) low = middle;
    else high = middle;
  }
  return Number(BigInt.asIntN(32, low));
}

/** Section 6.2.2. In one function and without a helper, as this is where all the time goes. */
function compress(state: Int32Array, bytes: Uint8Array, offset: number): void {
  const w = schedule;
  for (let t = 0, at = offset; t < 16; t += 1, at += 4) {
    w[t] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
  for (let t = 16; t < 64; t += 1) {
    const x = w[t - 15]!;
    const y = w[t - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = (w[t - 16]! + s0 + w[t - 7]! + s1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let t = 0; t < 64; t += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + constants[t]! + w[t]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
  state[4] = (state[4]! + e) | 0;
  state[5] = (state[5]! + f) | 0;
  state[6] = (state[6]! + g) | 0;
  state[7] = (state[7]! + h) | 0;
}
