const numberBytes = 32;

/**
 * The two numbers of an ECDSA signature on P-256, 32 bytes each, as Web Crypto takes them, from DER as
 * notes hold them: SEQUENCE { INTEGER r, INTEGER s } (RFC 3279, section 2.2.3). Undefined when it is none.
 */
export function rawSignature(der: Uint8Array): Uint8Array | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const r = numberAt(der, 2);
  const s = r === undefined ? undefined : numberAt(der, r.end);
  if (r === undefined || s === undefined || s.end !== der.length) return undefined;
  const raw = new Uint8Array(2 * numberBytes);
  raw.set(r.digits, numberBytes - r.digits.length);
  raw.set(s.digits, 2 * numberBytes - s.digits.length);
  return raw;
}

/** A number and where it ends; undefined when there is none, or one that is too large. */
function numberAt(der: Uint8Array, offset: number) {
  const length = der[offset + 1] ?? 0;
  const end = offset + 2 + length;
  if (der[offset] !== 2 || length === 0 || end > der.length) return undefined;
  // A zero stands before a number whose first bit is set, as it would be negative without.
  const start = der[offset + 2] === 0 ? offset + 3 : offset + 2;
  const digits = der.subarray(start, end);
  return digits.length > numberBytes ? undefined : { digits, end };
}
