import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server, ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../../config-error.ts';
import type { TlsFiles } from '../../config.ts';

/** What the server is to speak TLS with: version 1.3 and nothing older (RC-04). */
export type TlsOptions = Pick<ServerOptions, 'cert' | 'key' | 'minVersion'>;

/** Throws a ConfigError when the files can't be read, or don't fit each other. */
export function readTls({ certificate, key }: TlsFiles): TlsOptions {
  const options = {
    cert: pemOf('certificate', certificate),
    key: pemOf('key', key),
    minVersion: 'TLSv1.3' as const,
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new ConfigError(
      `tls: ${certificate} and ${key} are no certificate and its key, in PEM and without a passphrase`,
      { cause },
    );
  }
  return options;
}

function pemOf(setting: keyof TlsFiles, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ConfigError(`tls.${setting}: ${file} can't be read`, { cause });
  }
}

export interface TlsWatch {
  /** Told when new files can't be used: the server goes on with those it has. */
  readonly onFailure: (failure: unknown) => void;
  /** How often it is looked; every 2 seconds when not given. */
  readonly everyMs?: number | undefined;
}

/**
 * Takes a renewed certificate without a restart: connections made from then on get it. It looks at the
 * files instead of being told, because they are often links that are set anew. Answers what ends it.
 */
export function followTls(
  server: Pick<Server, 'setSecureContext'>,
  files: TlsFiles,
  { onFailure, everyMs = 2_000 }: TlsWatch,
): () => void {
  const renew = (): void => {
    try {
      server.setSecureContext(readTls(files));
    } catch (failure) {
      // Of two files one may be there before the other: the next change brings it right.
      onFailure(failure);
    }
  };
  const watched = [files.certificate, files.key];
  for (const file of watched) watchFile(file, { interval: everyMs, persistent: false }, renew);
  return () => {
    for (const file of watched) unwatchFile(file, renew);
  };
}
