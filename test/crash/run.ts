import { parseArgs } from 'node:util';
import { crashRounds, type StoreKind } from './rounds.ts';

/** Crash rounds from the command line: `node test/crash/run.ts --rounds 200 --store sqlite|postgres`. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    store: { type: 'string', default: 'sqlite' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    verbose: { type: 'boolean', default: false },
  },
});
const { store } = values;
if (store !== 'sqlite' && store !== 'postgres') {
  throw new RangeError(`--store is sqlite or postgres, not "${store}"`);
}

await run(store, Number(values.rounds), Number(values.seed));

async function run(kind: StoreKind, rounds: number, seed: number): Promise<void> {
  console.log(`${rounds} rounds on ${kind}, seed ${seed}`);
  const startedMs = performance.now();
  const summary = await crashRounds({
    store: kind,
    rounds,
    seed,
    onRound: (round, crash, tally) => {
      if (values.verbose) console.log(round, crash, JSON.stringify(tally));
    },
  });
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  console.log(JSON.stringify({ store: kind, seed, ...summary, seconds }, undefined, 2));
}
