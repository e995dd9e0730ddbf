import { readFile, rm } from 'node:fs/promises';
import type { EventStore } from '@counterfoil/event-store';
import { replaceFile } from '../files.ts';

/**
 * How far the import of a file has come, kept beside the file. Everything before it is durable in the log;
 * what came after it, the log knows by its keys. Losing it costs time and nothing else.
 */
export interface Checkpoint {
  /** The kind and the hash of the file's content. */
  readonly name: string;
  readonly run: number;
  /** The last line that is done, as are all before it. */
  readonly line: number;
  readonly tally: Tally;
  /** How much of the result file belongs to those lines. */
  readonly refusedBytes: number;
  /** An event of the log as it was then: another log, or one that was restored, does not have it. */
  readonly log: LogMark;
  /** The process at work; null when it has stopped. */
  readonly process: number | null;
}

export interface Tally {
  readonly imported: number;
  readonly importedBefore: number;
  readonly refused: number;
}

export interface LogMark {
  readonly position: number;
  /** Null while the log is empty. */
  readonly eventId: string | null;
}

type Log = Pick<EventStore, 'head' | 'readAll'>;

/** The checkpoint in a file, or undefined when there is none that can be read. */
export async function readCheckpoint(file: string): Promise<Checkpoint | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Checkpoint;
  } catch {
    return undefined;
  }
}

export async function writeCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  await replaceFile(file, `${JSON.stringify(checkpoint, undefined, 2)}\n`);
}

export async function removeCheckpoint(file: string): Promise<void> {
  await rm(file, { force: true });
}

export async function markOf(log: Log): Promise<LogMark> {
  const { position } = await log.head();
  return { position, eventId: (await eventIdAt(log, position)) ?? null };
}

/** Whether this is the log of the checkpoint, with all that it had then. */
export async function isMarkOf(log: Log, { position, eventId }: LogMark): Promise<boolean> {
  return eventId !== null && (await eventIdAt(log, position)) === eventId;
}

async function eventIdAt(log: Log, position: number): Promise<string | undefined> {
  if (position === 0) return undefined;
  const { events } = await log.readAll({ after: position - 1, limit: 1 });
  return events[0]?.eventId;
}

/** Whether a process is running: another one than this, which may have the number of one long gone. */
export function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
