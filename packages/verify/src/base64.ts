const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const padding = 0x3d;

const valueOf = new Int8Array(128).fill(-1);
for (let value = 0; value < 64; value += 1) valueOf[alphabet.charCodeAt(value)] = value;

/**
 * The bytes of a text in base64 (RFC 4648, section 4), or undefined. Strict: padded, nothing between the
 * signs, and the bits that stand for nothing are zero, so that no two texts mean the same bytes.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  const length = base64Length(text);
  if (length === undefined) return undefined;
  const bytes = new Uint8Array(length);
  return writeBase64(text, bytes, 0) ? bytes : undefined;
}

/** How many bytes such a text stands for; undefined when no text of its length does. */
export function base64Length(text: string): number | undefined {
  const { length } = text;
  if (length % 4 !== 0) return undefined;
  if (length === 0 || text.charCodeAt(length - 1) !== padding) return (length / 4) * 3;
  return (length / 4) * 3 - (text.charCodeAt(length - 2) === padding ? 2 : 1);
}

/** Writes the bytes at `offset`, where there must be room; answers whether the text was right. */
export function writeBase64(text: string, target: Uint8Array, offset: number): boolean {
  const length = base64Length(text);
  if (length === undefined) return false;
  const end = offset + length;
  let seen = 0;
  let at = offset;
  for (let index = 0; at < end; index += 4) {
    const first = signAt(text, index);
    const second = signAt(text, index + 1);
    // Beyond the end stands padding, in place of zeros.
    const third = at + 1 < end ? signAt(text, index + 2) : 0;
    const fourth = at + 2 < end ? signAt(text, index + 3) : 0;
    seen |= first | second | third | fourth;
    const group = (first << 18) | (second << 12) | (third << 6) | fourth;
    if (at + 2 >= end && !fits(group, end - at)) return false;
    target[at] = group >> 16;
    if (at + 1 < end) target[at + 1] = group >> 8;
    if (at + 2 < end) target[at + 2] = group;
    at += 3;
  }
  // Any sign that is none made it negative.
  return seen >= 0;
}

function signAt(text: string, index: number): number {
  return valueOf[text.charCodeAt(index)] ?? -1;
}

/** Whether the bits of a group of 24 that lie behind its bytes are zero. */
function fits(group: number, bytes: number): boolean {
  if (bytes === 1) return (group & 0xffff) === 0;
  return bytes !== 2 || (group & 0xff) === 0;
}

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    text += at + 1 < bytes.length ? alphabet.charAt((group >> 6) & 63) : '=';
    text += at + 2 < bytes.length ? alphabet.charAt(group & 63) : '=';
  }
  return text;
}
