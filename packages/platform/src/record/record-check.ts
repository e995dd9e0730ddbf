import { checkRecord, type CheckedRecord } from '@counterfoil/event-store/log';
import type { Config } from '../config.ts';
import { openSigningKeys, openStorage, openTree } from '../stores.ts';
import { keptCheckpoints } from './sealer-parts.ts';

export interface RecordCheckOptions {
  readonly onProgress?: ((position: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Where to begin; 1 when it is left out. */
  readonly from?: number | undefined;
}

/** Checks the configured record from end to end, on connections of its own. */
export async function checkConfiguredRecord(
  config: Config,
  options: RecordCheckOptions = {},
): Promise<CheckedRecord> {
  const { origin, publicKeys } = await openSigningKeys(config);
  const kept = (await keptCheckpoints(config)?.notes(origin)) ?? [];
  const storage = await openStorage(config);
  try {
    const tree = await openTree(config);
    try {
      return await checkRecord({ ...options, storage, tree, origin, publicKeys, kept });
    } finally {
      await tree.close();
    }
  } finally {
    await storage.close();
  }
}
