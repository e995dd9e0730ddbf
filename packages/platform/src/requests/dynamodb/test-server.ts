import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, untilListening } from '../../test-jars/listening.ts';
import { fetchDynamo } from './test-server-jars.ts';

/** DynamoDB Local, which keeps its tables in memory, on 127.0.0.1. */
export interface DynamoServer {
  readonly endpoint: string;
  /** Suspends it, as if the way to it were gone, for so long. */
  suspend(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one of its own; it needs Linux on x64, and a Java of version 17 or newer on the path. */
export async function startDynamo(): Promise<DynamoServer> {
  const files = await fetchDynamo();
  const library = files.find((file) => file.endsWith('.so')) ?? '';
  const classPath = files.filter((file) => file.endsWith('.jar')).join(path.delimiter);
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-dynamodb-'));
  const settings = path.join(directory, 'server.xml');
  const port = await freePort();
  await writeFile(settings, serverDefinition(port));
  // Its own main program listens on all addresses.
  const program = ['-cp', classPath, 'org.eclipse.jetty.xml.XmlConfiguration', settings];
  const where = `-Dsqlite4java.library.path=${path.dirname(library)}`;
  const child = spawn('java', ['-Xmx512m', where, ...program], { stdio: 'ignore' });
  // Whatever ends this process early, the server must not outlive it.
  process.once('exit', () => child.kill('SIGKILL'));
  await untilListening('DynamoDB Local', port, child);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    suspend: async (ms) => {
      child.kill('SIGSTOP');
      await sleep(ms);
      child.kill('SIGCONT');
    },
    stop: async () => {
      if (child.exitCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      await rm(directory, { recursive: true });
    },
  };
}

/** What the main program of DynamoDB Local sets up for `-inMemory`, with an address to listen on. */
function serverDefinition(port: number): string {
  const local = 'com.amazonaws.services.dynamodbv2.local.server';
  return `<?xml version="1.0"?>
<!DOCTYPE Configure PUBLIC "-//Jetty//Configure//EN" "https://jetty.org/configure_12_0.dtd">
<Configure id="server" class="org.eclipse.jetty.server.Server">
  <Call name="addConnector"><Arg>
    <New class="org.eclipse.jetty.server.ServerConnector">
      <Arg name="server"><Ref refid="server"/></Arg>
      <Set name="host">127.0.0.1</Set>
      <Set name="port">${port}</Set>
    </New>
  </Arg></Call>
  <Set name="handler">
    <New class="${local}.LocalDynamoDBServerHandler">
      <Arg>
        <New class="${local}.LocalDynamoDBRequestHandler">
          <Arg type="int">0</Arg><!-- no data of an earlier version -->
          <Arg type="boolean">true</Arg><!-- in memory -->
          <Arg/><!-- no directory -->
          <Arg type="boolean">true</Arg><!-- one database for all credentials -->
          <Arg type="boolean">false</Arg><!-- no delays -->
        </New>
      </Arg>
      <Arg/>
    </New>
  </Set>
</Configure>
`;
}
