import { loadConfig, type Config } from '@counterfoil/platform/src/config.ts';
import { openKeys } from '@counterfoil/platform/src/key-stores.ts';
import { createLedger, type Ledger } from '@counterfoil/platform/src/ledger/ledger.ts';
import { openMarket } from '@counterfoil/platform/src/platform.ts';
import { openLog } from '@counterfoil/platform/src/stores.ts';

/** A log in SQLite in the directory, or in the database when one is named. */
export function configFor(dataDirectory: string, connectionString?: string): Config {
  return loadConfig({
    environment: {
      COUNTERFOIL_DATA_DIR: dataDirectory,
      ...(connectionString === undefined ? {} : { COUNTERFOIL_STORE: connectionString }),
    },
  });
}

export interface OpenLedger {
  readonly ledger: Ledger;
  close(): Promise<void>;
}

/** The ledger by itself: no read models follow it. */
export async function openLedger(config: Config): Promise<OpenLedger> {
  const store = await openLog(config);
  const market = await openMarket(config, store);
  const keys = await openKeys(config);
  return {
    ledger: createLedger(store, market, keys.vault),
    close: async () => {
      await market.close();
      await keys.close();
      await store.close();
    },
  };
}
