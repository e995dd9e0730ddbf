import { spawnSync } from 'node:child_process';
import { createWriteStream, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openSealedLog, resumeSealing, type SealedLog } from '@counterfoil/event-store/log';
import type { Config } from '@counterfoil/platform/src/config.ts';
import { exportLog } from '@counterfoil/platform/src/record/export/export-log.ts';
import { openSigningKeys, openStorage, openTree } from '@counterfoil/platform/src/stores.ts';
import { describeHistory, historyOf, writeHistory } from '../load/history.ts';
import { configFor } from '../load/ledger.ts';
import { interleave, type Contender } from '../measuring/rounds.ts';
import type { Outcome, Scenario } from '../scenario.ts';

/** What it takes an auditor to verify a whole record offline, and the program to hand it out. */
export const verifyExport: Scenario = {
  title: 'A whole record exported, and verified offline',
  measure: async (bench): Promise<Outcome> => {
    const history = historyOf(bench);
    const config = configFor(path.join(bench.directory, 'log'));
    const file = path.join(bench.directory, 'record.jsonl');
    bench.say(`writing ${describeHistory(history)}`);
    await writeHistory(config, history);
    await using started = new AsyncDisposableStack();
    bench.say('sealing it');
    const { log, close } = await sealed(config);
    started.defer(close);
    // So that whoever verifies first finds it.
    await writeExport(log, file);
    const contenders = [exporting(log, file), verifying(log, file)];
    const { size } = log.sealedUpTo();
    return {
      conditions: {
        record: `${size.toLocaleString('en')} events, ${describeHistory(history)} among them, ${Math.round(statSync(file).size / 1e6).toLocaleString('en')} MB as an export`,
        verifying: `\`counterfoil-verify\` as a process of its own, its start included, with ${heapMiB} MiB for objects`,
        exporting: 'from SQLite, each entry held against its seal',
      },
      figures: await interleave(contenders, { seconds: 0 }, bench),
    };
  },
};

const table = 'Verification of an export';
const verifier = path.join(import.meta.dirname, '../../packages/verify/src/cli/main.ts');
/** Far less than an export of a million events: it is read in pieces. */
const heapMiB = 64;
const million = 1_000_000;

/** By the million, as that is what the figure is for, whatever the size of the record. */
function verifying(log: SealedLog, file: string): Contender {
  return {
    table,
    row: 'verified by counterfoil-verify',
    targets: { 'a million events': { below: 10 } },
    measure: async () => {
      const startedMs = performance.now();
      const words = [verifier, file, '--key', log.publicKeys()[0] ?? ''];
      const limit = `--max-old-space-size=${heapMiB}`;
      const { status, stdout } = spawnSync(process.execPath, [limit, ...words], {
        encoding: 'utf8',
      });
      const seconds = (performance.now() - startedMs) / 1_000;
      if (status !== 0) throw new Error(`the record does not verify: ${stdout}`);
      return inMillions(seconds, log);
    },
  };
}

function exporting(log: SealedLog, file: string): Contender {
  return {
    table,
    row: 'exported',
    measure: async () => {
      const startedMs = performance.now();
      await writeExport(log, file);
      return inMillions((performance.now() - startedMs) / 1_000, log);
    },
  };
}

function inMillions(seconds: number, log: SealedLog) {
  const value = (seconds * million) / log.sealedUpTo().size;
  return [{ column: 'a million events', unit: 's', value } as const];
}

async function writeExport(log: SealedLog, file: string): Promise<void> {
  const { pieces } = await exportLog(log, {});
  const texts = async function* (): AsyncGenerator<string, void, void> {
    for await (const { text } of pieces()) yield text;
  };
  await pipeline(texts, createWriteStream(file));
}

async function sealed(config: Config) {
  const storage = await openStorage(config);
  const tree = await openTree(config);
  const { origin, signer, publicKeys } = await openSigningKeys(config);
  const parts = { storage, tree, origin, signer, publicKeys };
  const sealing = await resumeSealing(parts);
  while ((await sealing.next()) !== undefined);
  const close = async (): Promise<void> => {
    await tree.close();
    await storage.close();
  };
  return { log: await openSealedLog(parts), close };
}
