import { loadConfig, type Config } from '@counterfoil/platform/src/config.ts';
import { createLedger, type Ledger } from '@counterfoil/platform/src/ledger/ledger.ts';
import { openLog, openMarket } from '@counterfoil/platform/src/platform.ts';

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
  return {
    ledger: createLedger(store, market),
    close: async () => {
      await market.close();
      await store.close();
    },
  };
}
