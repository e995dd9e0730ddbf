import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';

/** The bytes of a request: they end when the request does, or when no more are to be taken in. */
export interface Intake {
  /** Breaks off with an error when the connection does. */
  readonly chunks: AsyncIterable<Buffer>;
  stop(): void;
}

export function openIntake(input: IncomingMessage): Intake {
  // A stream between: to end a request itself before its end would take its connection along.
  const chunks = new PassThrough();
  input.pipe(chunks);
  input.on('error', (cause) => chunks.destroy(cause));
  input.on('close', () => {
    if (!input.complete) chunks.destroy();
  });
  return {
    chunks,
    stop: () => {
      input.unpipe(chunks);
      chunks.end();
    },
  };
}
