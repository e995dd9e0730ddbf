import type { StreamId } from './identifiers.ts';

/** Where a value stands in the log: what a sealed value is bound to. */
export interface Place {
  readonly stream: StreamId;
  /** Of the stream, with the event that holds the value. */
  readonly version: number;
  /** Of the event. */
  readonly type: string;
  /** Names of fields with full stops between, such as `owner.name`. */
  readonly path: string;
}

/**
 * A value that the log must not show: it is encrypted when the event that holds it is encoded, and for the
 * place where it will stand. Nothing here decrypts: whoever shows a value asks the holder of the keys.
 */
export interface Sensitive {
  /** The bytes to store there. Throws when the value can't be sealed, or not for that place. */
  sealedFor(place: Place): Uint8Array;
}

export function isSensitive(value: unknown): value is Sensitive {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Sensitive>).sealedFor === 'function'
  );
}

/** What a sensitive value is shown as wherever something is written that was not made for it. */
export const sealedMark = '[sealed]';

/** A sensitive value as an event in the log holds it. */
export class Sealed implements Sensitive {
  readonly place: Place;
  readonly bytes: Uint8Array;

  constructor(place: Place, bytes: Uint8Array) {
    this.place = place;
    this.bytes = bytes;
  }

  /** It stays where it is: elsewhere its bytes could not be opened. */
  sealedFor({ stream, version, type, path }: Place): Uint8Array {
    const own = this.place;
    if (
      own.stream === stream &&
      own.version === version &&
      own.type === type &&
      own.path === path
    ) {
      return this.bytes;
    }
    throw new TypeError(
      `what is sealed for ${placeText(own)} can't be written at ` +
        `${placeText({ stream, version, type, path })}: open it and hold it anew`,
    );
  }

  /** As one line without anything secret, for a column of a read model; `parseSealed` reads it. */
  text(): string {
    return `sealed ${base64(this.bytes)} ${placeText(this.place)}`;
  }

  toJSON(): string {
    return sealedMark;
  }
}

function placeText({ stream, version, type, path }: Place): string {
  return `${stream} ${version} ${type} ${path}`;
}

// Neither JSON nor loggers look at what is kept under a symbol; tests that compare values do.
const openText = Symbol('open text');

/**
 * A text that is not sealed: what an event holds that is older than the sealing of its type, or a stand-in in
 * the tests of a decider. It can't be written.
 */
class PlainSensitive implements Sensitive {
  readonly [openText]: string;

  constructor(text: string) {
    this[openText] = text;
  }

  sealedFor(place: Place): Uint8Array {
    throw new TypeError(
      `a plain text can't be written at ${placeText(place)}: hold it under its subject's key first`,
    );
  }

  toJSON(): string {
    return sealedMark;
  }
}

export function plainSensitive(text: string): Sensitive {
  return new PlainSensitive(text);
}

/** The text of a value that is not sealed; undefined of any other. */
export function openTextOf(value: Sensitive): string | undefined {
  return value instanceof PlainSensitive ? value[openText] : undefined;
}

/** A value that was read from the log, as a column of a read model or of a snapshot keeps it. */
export function sealedText(value: Sensitive): string {
  if (value instanceof Sealed) return value.text();
  const text = openTextOf(value);
  if (text !== undefined) return `open ${text}`;
  throw new TypeError('a sensitive value has no text before it is in the log');
}

/** Reads what `sealedText` wrote. Throws a RangeError for any other text. */
export function parseSealed(text: string): Sensitive {
  if (text.startsWith('open ')) return plainSensitive(text.slice('open '.length));
  const [mark, bytes, stream, version, type, path, ...more] = text.split(' ');
  if (
    mark !== 'sealed' ||
    bytes === undefined ||
    stream === undefined ||
    !/^\d+$/.test(version ?? '') ||
    type === undefined ||
    path === undefined ||
    more.length > 0
  ) {
    throw new RangeError('not the text of a sealed value');
  }
  const place = { stream: stream as StreamId, version: Number(version), type, path };
  return new Sealed(place, bytesOfBase64(bytes));
}

// The kernel uses nothing of Node; of what every runtime has, these work on text of single bytes.
function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function bytesOfBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new RangeError('not the text of a sealed value', { cause });
  }
}
