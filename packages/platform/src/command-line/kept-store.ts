import { existsSync } from 'node:fs';
import { loadProcessConfig, type Config, type StoreConfig } from '../config.ts';
import { CommandFailure, opening } from './failure.ts';
import { untilInterrupted } from './interruption.ts';
import { embeddedLog } from './sqlite-log.ts';
import { requireFinished } from './unfinished-restore.ts';

/** A configuration whose store outlives this process. */
export interface KeptConfig extends Config {
  readonly store: Exclude<StoreConfig, { readonly kind: 'memory' }>;
}

export interface StoreOptions {
  /** The file with settings. */
  readonly config?: string | undefined;
}

/**
 * Runs a command that works on the configured store, and tells it when it is to stop. Throws a
 * CommandFailure when the store is in memory, or holds a restore that was not finished.
 */
export async function onKeptStore(
  options: StoreOptions,
  work: (config: KeptConfig, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const config = keptConfigOf(options);
  await opening(config, () => requireFinished(config));
  return untilInterrupted((signal) => work(config, signal));
}

/** As `onKeptStore`, where an empty store would mean that the wrong one is configured. */
export async function onExistingLog(
  options: StoreOptions,
  work: (config: KeptConfig, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const { store, dataDirectory } = keptConfigOf(options);
  if (store.kind === 'sqlite' && !existsSync(embeddedLog(dataDirectory))) {
    throw new CommandFailure(
      `There is no log in ${dataDirectory}: set COUNTERFOIL_DATA_DIR to the directory that holds it`,
    );
  }
  return onKeptStore(options, work);
}

export function keptConfigOf({ config: file }: StoreOptions): KeptConfig {
  const config = loadProcessConfig({ file });
  if (isKept(config)) return config;
  throw new CommandFailure(
    'A store in memory holds nothing when the command begins: set COUNTERFOIL_STORE to another',
  );
}

function isKept(config: Config): config is KeptConfig {
  return config.store.kind !== 'memory';
}
