import { Refusal } from './problem.ts';

/** No contract here goes half as deep. */
const depthMax = 64;

/**
 * A JSON text (RFC 8259), of the kind that every reader reads alike (RFC 7493, I-JSON): no key twice, none
 * that means something to JavaScript, and not too deep. Throws a Refusal.
 */
export function parseStrictly(text: string): unknown {
  const value = parse(text);
  const members = membersOf(value, 0);
  // Each member has one colon outside of texts, and the second of two with the same key replaced the first.
  if (members < colonsOf(text)) throw unsafe('An object has a key twice.');
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 quotes what stands around the fault, which may be a password.
    const fault = (error as Error).message.replace(/, (\.{3})?"[^]*$/, '');
    throw new Refusal('MALFORMED_JSON', `It can't be parsed: ${fault}.`);
  }
}

/** How many members the objects in it have, at every depth. */
function membersOf(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth === depthMax) throw unsafe(`It is nested over ${depthMax} levels deep.`);
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += membersOf(item, depth + 1);
    return count;
  }
  for (const key in value) {
    if (key === '__proto__' || (key === 'constructor' && hasPrototype(value[key as never]))) {
      throw unsafe(`The key ${key} is not taken.`);
    }
    count += 1 + membersOf(value[key as never], depth + 1);
  }
  return count;
}

function hasPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}

/** Colons that are part of no text. */
function colonsOf(text: string): number {
  let count = 0;
  let at = 0;
  for (;;) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    for (let place = at; place < end; place += 1) {
      if (text.charCodeAt(place) === colon) count += 1;
    }
    if (quote < 0) return count;
    at = closingQuote(text, quote + 1) + 1;
  }
}

function closingQuote(text: string, from: number): number {
  let at = from;
  for (;;) {
    at = text.indexOf('"', at);
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes += 1;
    // An even number of them are texts of backslashes, and the quotation mark is a real one.
    if (slashes % 2 === 0) return at;
    at += 1;
  }
}

const colon = 58;
const backslash = 92;

function unsafe(happened: string): Refusal {
  return new Refusal('JSON_UNSAFE', happened);
}
