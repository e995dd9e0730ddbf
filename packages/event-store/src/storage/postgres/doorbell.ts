import { Client, type ClientConfig } from 'pg';

/** Rings when somebody has appended. */
export interface Doorbell {
  ring(): void;
  watch(listener: () => void): () => void;
  stop(): Promise<void>;
}

/**
 * Rings at our own appends at once, at those of others when the server notifies us, and every `pollMs`
 * besides: a notification may be lost with its connection, and a spurious ring costs one look at the head.
 * The listening connection is made with the first listener and made again at the next poll when it broke.
 */
export function createDoorbell(config: ClientConfig, channel: string, pollMs: number): Doorbell {
  const listeners = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;
  let client: Client | undefined;
  let connecting: Promise<void> | undefined;
  let stopped = false;

  const ring = (): void => {
    for (const listener of listeners) listener();
  };

  const listen = async (): Promise<void> => {
    const fresh = new Client(config);
    const forget = (): void => {
      if (client === fresh) client = undefined;
    };
    fresh.on('error', forget);
    fresh.on('end', forget);
    fresh.on('notification', ring);
    try {
      await fresh.connect();
      client = fresh;
      await fresh.query(`LISTEN ${channel}`);
    } catch {
      // Polling goes on without it; the next poll tries again.
      forget();
      fresh.end().catch(() => undefined);
    }
    connecting = undefined;
  };

  const poll = (): void => {
    ring();
    if (client === undefined) connecting ??= listen();
  };

  return {
    ring,
    watch: (listener) => {
      if (stopped) return () => undefined;
      // The same function may watch twice: each watch ends by itself.
      const own = (): void => listener();
      listeners.add(own);
      if (timer === undefined) {
        timer = setInterval(poll, pollMs).unref();
        connecting ??= listen();
      }
      return () => listeners.delete(own);
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      listeners.clear();
      await connecting;
      await client?.end();
    },
  };
}
