import { existsSync } from 'node:fs';
import path from 'node:path';
import { checkConfiguredRecord, type RecordCheckOptions } from '../../record/record-check.ts';
import type { KeptConfig } from '../kept-store.ts';
import { count } from '../terminal.ts';

/** What came of holding the log against its seal. */
export interface SealCheck {
  readonly sound: boolean;
  readonly sentence: string;
}

/** Holds the log against what was signed over it; a log that was never served has no seal yet. */
export async function checkSeal(
  config: KeptConfig,
  options: RecordCheckOptions,
): Promise<SealCheck> {
  if (!existsSync(path.join(config.dataDirectory, 'keys', 'log-signing-keys.json'))) {
    return existsSync(config.checkpointFile ?? path.join(config.dataDirectory, 'checkpoints.txt'))
      ? {
          sound: false,
          sentence:
            'there are checkpoints, and the keys that they were signed with are gone: restore keys/log-signing-keys.json',
        }
      : { sound: true, sentence: 'none yet, "counterfoil serve" makes it' };
  }
  const { to, fault } = await checkConfiguredRecord(config, options);
  if (fault === undefined) {
    return { sound: true, sentence: `the log is as it was signed, up to position ${count(to)}` };
  }
  return { sound: false, sentence: fault.reason };
}
