import type { Branded } from './brand.ts';

/** The name of a stream, such as `account-A1`: 1 to 200 printable ASCII characters without a space. */
export type StreamId = Branded<string, 'StreamId'>;

/** The id of one event: a UUID of version 7 (RFC 9562), in lower case with hyphens. */
export type EventId = Branded<string, 'EventId'>;

const streamPattern = /^[!-~]{1,200}$/;

/** Throws a RangeError when the text can't name a stream. */
export function streamId(text: string): StreamId {
  if (!streamPattern.test(text)) {
    throw new RangeError(
      `"${text.slice(0, 200)}" can't name a stream: use 1 to 200 printable ASCII characters, no space`,
    );
  }
  return text as StreamId;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return text.length === 36 && uuidPattern.test(text);
}

/** Where the program gets bytes that nobody can guess; handed in, so that simulations set it. */
export type RandomBytes = (count: number) => Uint8Array;
