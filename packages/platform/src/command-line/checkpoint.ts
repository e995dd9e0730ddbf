import path from 'node:path';
import { renewLogKey } from '../record/log-keys.ts';
import { openSigningKeys, openTree, systemClock } from '../stores.ts';
import { opening } from './failure.ts';
import { onExistingLog, type StoreOptions } from './kept-store.ts';
import type { Terminal } from './terminal.ts';

export interface CheckpointOptions extends StoreOptions {
  readonly keys?: boolean | undefined;
  readonly newKey?: boolean | undefined;
}

/** Prints the newest checkpoint, or the keys that verify it, for somebody to keep elsewhere. */
export async function checkpoint(options: CheckpointOptions, terminal: Terminal): Promise<number> {
  return onExistingLog(options, async (config) => {
    if (options.newKey === true) {
      const directory = path.join(config.dataDirectory, 'keys');
      const { origin } = config;
      const { publicKeys } = await renewLogKey({ directory, origin, clock: systemClock });
      terminal.say(publicKeys.join('\n'));
      terminal.tell('The first of these signs from the next start of each server on');
      return 0;
    }
    const { publicKeys } = await opening(config, () => openSigningKeys(config));
    if (options.keys === true) {
      terminal.say(publicKeys.join('\n'));
      return 0;
    }
    const tree = await opening(config, () => openTree(config));
    try {
      const seal = await tree.lastSeal();
      if (seal === undefined) {
        terminal.tell('Nothing is sealed yet: "counterfoil serve" seals the log');
        return 1;
      }
      terminal.say(seal.note.trimEnd());
      return 0;
    } finally {
      await tree.close();
    }
  });
}
