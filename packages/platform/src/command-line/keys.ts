import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { formatInstant, instantFromMilliseconds } from '@counterfoil/event-store';
import { openKeys } from '../key-stores.ts';
import { openLog, systemClock } from '../stores.ts';
import { backUpKeys, NoKeyBackup, restoreKeys } from '../vault/key-backup.ts';
import type { OpenedKeys } from '../vault/opened-keys.ts';
import { createKeyRotation } from '../vault/rotation.ts';
import { CommandFailure, opening } from './failure.ts';
import { moveFile } from './files.ts';
import { onExistingLog, onKeptStore, type KeptConfig, type StoreOptions } from './kept-store.ts';
import { count, counted, type Terminal } from './terminal.ts';

/** What can be done about keys; the last two name a file. */
const actions = ['list', 'rotate', 'backup', 'restore'] as const;

/** Shows the keys, replaces the key-encryption key, or copies the wrapped keys into a file and back. */
export async function keys(
  action: string,
  file: string | undefined,
  options: StoreOptions,
  terminal: Terminal,
): Promise<number> {
  switch (actions.find((known) => known === action)) {
    case 'list':
      return onKeys(onExistingLog, options, ({ store }) => list(store, terminal));
    case 'rotate':
      return onKeys(onExistingLog, options, (opened, config) => rotate(opened, config, terminal));
    case 'backup':
      return onKeys(onExistingLog, options, (opened) => backUp(opened, named(file), terminal));
    case 'restore':
      return onKeys(onKeptStore, options, (opened) => restore(opened, named(file), terminal));
    case undefined:
      throw new CommandFailure(
        `"${action}" can't be done about keys: say one of ${actions.join(', ')}`,
      );
  }
}

async function onKeys(
  on: typeof onKeptStore,
  options: StoreOptions,
  work: (keys: OpenedKeys, config: KeptConfig) => Promise<void>,
): Promise<number> {
  return on(options, async (config) => {
    const opened = await opening(config, () => openKeys(config));
    try {
      await work(opened, config);
      return 0;
    } finally {
      await opened.close();
    }
  });
}

function named(file: string | undefined): string {
  if (file !== undefined) return file;
  throw new CommandFailure('Name the file of the backup behind the action');
}

async function list(store: OpenedKeys['store'], terminal: Terminal): Promise<void> {
  for (const { id, createdAt, retired } of await store.wrappingKeys()) {
    const since = formatInstant(instantFromMilliseconds(createdAt));
    terminal.say(`${id}  since ${since}  ${retired ? 'being replaced' : 'current'}`);
  }
  const { live, erased } = await store.count();
  terminal.say(`${counted(live, 'subject')} with a key, ${count(erased)} erased`);
}

async function rotate(opened: OpenedKeys, config: KeptConfig, terminal: Terminal): Promise<void> {
  const log = await opening(config, () => openLog(config));
  const progress = terminal.startProgress({ doing: 'Wrapping anew', unit: 'keys' });
  try {
    const { live } = await opened.store.count();
    const rotation = createKeyRotation({
      ...opened,
      log,
      everyDays: config.keyRotationDays,
      clock: systemClock,
      randomBytes,
    });
    const { current, rewrapped } = await rotation.rotate('operator', (done) =>
      progress.update(done, live),
    );
    terminal.say(
      `${current} is the key-encryption key now: ${counted(rewrapped, 'key')} wrapped anew`,
    );
  } finally {
    progress.end();
    await log.close();
  }
}

/** What is not complete stays under another name, where nobody takes it for a backup. */
async function backUp(opened: OpenedKeys, file: string, terminal: Terminal): Promise<void> {
  if (existsSync(file)) throw new CommandFailure(`${file} is there already: name another file`);
  const building = `${file}.partial`;
  const handle = await open(building, 'w', 0o600);
  let lines = 0;
  try {
    for await (const line of backUpKeys(opened)) {
      await handle.write(line);
      lines += 1;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await moveFile(building, file);
  terminal.say(`${file} holds the wrapped keys, in ${counted(lines, 'line')}`);
  terminal.tell('It opens nothing without what guards the key-encryption keys: back that up apart');
}

async function restore(opened: OpenedKeys, file: string, terminal: Terminal): Promise<void> {
  if (!existsSync(file)) throw new CommandFailure(`There is no file ${file}`);
  const handle = await open(file);
  try {
    const lines = () => handle.readLines({ autoClose: false, start: 0 });
    const done = await restoreKeys(lines, opened, randomBytes);
    const { restored, kept, erased, lost } = done;
    terminal.say(
      `${counted(restored, 'key')} restored, ${count(kept)} there before, ${count(erased)} erased, ` +
        `${count(lost)} lost`,
    );
    if (lost > 0) {
      terminal.tell('What is lost was wrapped under a key-encryption key that nobody has any more');
    }
  } catch (cause) {
    if (!(cause instanceof NoKeyBackup)) throw cause;
    throw new CommandFailure(`${file} can't be restored: ${cause.message}`, { cause });
  } finally {
    await handle.close();
  }
}
