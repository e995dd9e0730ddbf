import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server that can fail as networks do. */
export interface TestProxy {
  readonly connectionString: string;
  /** Breaks every connection on our side; the server does not notice, and goes on with what it was told. */
  cut(): void;
  /** Lets nothing through any more on the connections there are, and tells nobody. */
  silence(): void;
  close(): Promise<void>;
}

export async function startTestProxy(connectionString: string): Promise<TestProxy> {
  const url = new URL(connectionString);
  const port = Number(url.port);
  const near = new Set<Socket>();
  const far = new Set<Socket>();

  const proxy = createServer((socket) => {
    const server = connect(port, '127.0.0.1');
    near.add(socket);
    far.add(server);
    socket.on('error', () => undefined);
    server.on('error', () => undefined);
    socket.pipe(server);
    server.pipe(socket);
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  url.port = String((proxy.address() as AddressInfo).port);

  const detach = (): void => {
    for (const socket of [...near, ...far]) {
      socket.unpipe();
      // Read on, so that neither side comes to wait for the other.
      socket.resume();
    }
  };
  return {
    connectionString: url.href,
    silence: detach,
    cut: () => {
      detach();
      for (const socket of near) socket.destroy();
      near.clear();
    },
    close: async () => {
      for (const socket of [...near, ...far]) socket.destroy();
      await new Promise((resolve) => {
        proxy.close(resolve);
      });
    },
  };
}
