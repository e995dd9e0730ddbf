import { parseArgs } from 'node:util';
import { actionRounds } from './action-rounds.ts';
import { captureRounds } from './capture-rounds.ts';
import { diskRounds } from './disk-rounds.ts';
import { crashRounds } from './rounds.ts';

/**
 * Crash rounds from the command line: `node test/crash/run.ts --rounds 200 --of sqlite`. Of `sqlite` and
 * `postgres` the program, or the server, is killed; of `disk` the disk goes wrong and the power is lost; of
 * `capture` the whole program is killed while trades are sent to it over HTTP; of `actions` while it posts
 * corporate actions to `--holders` accounts.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    of: { type: 'string', default: 'sqlite' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    holders: { type: 'string', default: '100000' },
    verbose: { type: 'boolean', default: false },
  },
});

const rounds = Number(values.rounds);
const seed = Number(values.seed);
const onRound = (round: number, kind: string, tally: object): void => {
  if (values.verbose) console.log(round, kind, JSON.stringify(tally));
};

console.log(`${rounds} rounds of ${values.of}, seed ${seed}`);
const startedMs = performance.now();
const summary = await run(values.of);
const seconds = Math.round((performance.now() - startedMs) / 1_000);
console.log(JSON.stringify({ of: values.of, seed, ...summary, seconds }, undefined, 2));

async function run(of: string): Promise<object> {
  switch (of) {
    case 'sqlite':
    case 'postgres':
      return crashRounds({ store: of, rounds, seed, onRound });
    case 'disk':
      return diskRounds({ rounds, seed, onRound });
    case 'capture':
      return captureRounds({ rounds, seed, onRound });
    case 'actions':
      return actionRounds({ rounds, seed, holders: Number(values.holders), onRound });
    default:
      throw new RangeError(`--of is sqlite, postgres, disk, capture or actions, not "${of}"`);
  }
}
