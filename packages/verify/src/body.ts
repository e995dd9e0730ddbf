import { hex, textOf } from './bytes.ts';

/** Who caused an event, and its id: the first part of an entry's body (docs/record-format.md). */
export interface Cause {
  readonly eventId: string;
  /** Empty when nobody was named. */
  readonly userId: string;
}

/** Of a body in the open, and of one whose data are sealed; what is read here is the same in both. */
const layouts: ReadonlySet<number | undefined> = new Set([1, 2]);
const uuidMark = 255;

/** Undefined when the body has another layout: it is proven all the same. */
export function readCause(body: Uint8Array): Cause | undefined {
  const length = body[17];
  if (!layouts.has(body[0]) || length === undefined) return undefined;
  const eventId = uuidOf(body.subarray(1, 17));
  if (length === uuidMark) return { eventId, userId: uuidOf(body.subarray(18, 34)) };
  const userId = textOf(body.subarray(18, 18 + length));
  return userId === undefined ? undefined : { eventId, userId };
}

function uuidOf(bytes: Uint8Array): string {
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
