import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const startsWithinMs = 60_000;

/** Resolves when the process listens on the port; rejects when it ends first, and ends it after a minute. */
export async function untilListening(
  name: string,
  port: number,
  child: ChildProcess,
): Promise<void> {
  const deadline = performance.now() + startsWithinMs;
  while (!(await accepts(port))) {
    if (child.exitCode !== null)
      throw new Error(`${name} ended with ${child.exitCode} at its start`);
    if (performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${name} did not listen within a minute`);
    }
    await sleep(50);
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
