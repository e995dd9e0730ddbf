import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort, untilListening } from '../../test-jars/listening.ts';
import { fetchKafka } from './test-server-jars.ts';

/** A real broker of Apache Kafka, alone in its cluster, on 127.0.0.1. */
export interface KafkaServer {
  /** `host:port` */
  readonly broker: string;
  /** Ends it as a power cut of its machine would, as far as the process is concerned. */
  kill(): Promise<void>;
  /** Starts it again on the same files, after `kill`; resolves when it answers. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** Starts a broker in a directory of its own; it needs a Java of version 17 or newer on the path. */
export async function startKafka(): Promise<KafkaServer> {
  const classPath = (await fetchKafka()).join(path.delimiter);
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-kafka-'));
  const port = await freePort();
  const settings = path.join(directory, 'server.properties');
  await writeFile(settings, settingsOf(directory, port, await freePort()));
  const tool = ['-cp', classPath, 'kafka.tools.StorageTool'];
  const { stdout: id } = await run('java', [...tool, 'random-uuid']);
  await run('java', [...tool, 'format', '-t', id.trim(), '-c', settings]);
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const started = spawn('java', ['-Xmx512m', '-cp', classPath, 'kafka.Kafka', settings], {
      stdio: 'ignore',
    });
    child = started;
    // Whatever ends this process early, the broker must not outlive it.
    process.once('exit', () => started.kill('SIGKILL'));
    await untilListening('Kafka', port, started);
  };

  const kill = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  };

  await start();
  return {
    broker: `127.0.0.1:${port}`,
    kill,
    start,
    stop: async () => {
      await kill();
      await rm(directory, { recursive: true });
    },
  };
}

function settingsOf(directory: string, port: number, controllerPort: number): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': path.join(directory, 'log'),
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 5,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
