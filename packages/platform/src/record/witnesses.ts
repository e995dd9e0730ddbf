import { createHmac } from 'node:crypto';
import type { Clock } from '@counterfoil/event-store';
import type { WitnessConfig } from '../config.ts';
import { createBreaker } from '../resilience/breaker.ts';

/** Told of checkpoints, so that the log can't be rewritten without somebody else having seen it before. */
export interface Witness {
  /** Sends the newest checkpoint soon, and again until it is taken. One that is overtaken is not sent. */
  tell(note: string): void;
  /** Tries once more to send what was not taken yet, and ends. */
  close(): Promise<void>;
}

export interface WitnessOptions extends WitnessConfig {
  readonly clock: Clock;
  /** Told of what was not taken and is sent again. */
  readonly onFailure: (failure: unknown) => void;
  readonly retryMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Where the signature of a body is: `sha256=` and HMAC-SHA256 under the secret, in hexadecimal. */
const signatureHeader = 'Counterfoil-Signature';

export function createWitness(options: WitnessOptions): Witness {
  const { url, secret, clock, onFailure, retryMs = 5_000, timeoutMs = 10_000 } = options;
  const breaker = createBreaker({
    name: `witness ${new URL(url).host}`,
    clock,
    failuresMax: 5,
    windowNanoseconds: 60_000_000_000n,
    openNanoseconds: 30_000_000_000n,
    isOutage: () => true,
    onOpen: undefined,
  });
  let waiting: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let closed = false;

  const send = async (): Promise<void> => {
    while (waiting !== undefined) {
      const note = waiting;
      try {
        await breaker.run(() => post(url, secret, note, timeoutMs));
        if (waiting === note) waiting = undefined;
      } catch (failure) {
        onFailure(failure);
        if (!closed) timer = setTimeout(start, retryMs).unref();
        return;
      }
    }
  };

  const start = (): void => {
    clearTimeout(timer);
    sending ??= send().finally(() => {
      sending = undefined;
    });
  };

  return {
    tell: (note) => {
      waiting = note;
      start();
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await sending;
      if (waiting !== undefined) await send();
    },
  };
}

async function post(url: string, secret: string, note: string, timeoutMs: number): Promise<void> {
  const signature = createHmac('sha256', secret).update(note).digest('hex');
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      [signatureHeader]: `sha256=${signature}`,
    },
    body: note,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the witness ${new URL(url).host} answered ${response.status}`);
}
