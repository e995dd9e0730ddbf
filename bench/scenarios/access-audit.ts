import path from 'node:path';
import { startHttpLoad } from '../load/http-load.ts';
import { configFor, openLedger } from '../load/ledger.ts';
import { prepareLedger } from '../load/prepare.ts';
import { interleave, type Contender } from '../measuring/rounds.ts';
import type { Bench, Figure, Scenario } from '../scenario.ts';
import { untilCaughtUp } from '../servers/caught-up.ts';
import { startAudited } from '../servers/http-server.ts';

/** What reads cost more because each leaves a record of who was let do it. */
export const accessAudit: Scenario = {
  title: 'Reads over HTTP, with and without a record of each decision',
  measure: async (bench) => {
    await using started = new AsyncDisposableStack();
    const accounts = bench.quick ? 100 : 2_000;
    const without = await contender(bench, started, accounts, false);
    const recorded = await contender(bench, started, accounts, true);
    const figures = await interleave([without, recorded], { seconds: 5 }, bench);
    return {
      conditions: {
        client: `${connections} connections, a process of its own on the same machine`,
        requests: `the positions of one of ${accounts.toLocaleString('en')} accounts, with an API key`,
        'with a record': 'one AccessDecided event in the log for each, sealed as all others are',
      },
      figures: [...figures, shareOf(figures)],
    };
  },
};

const connections = 64;
const table = 'Reads answered';
const rows = { recorded: 'each decision recorded', without: 'no decision recorded' };

async function contender(
  bench: Bench,
  started: AsyncDisposableStack,
  accounts: number,
  isRecorded: boolean,
): Promise<Contender> {
  const config = configFor(path.join(bench.directory, isRecorded ? 'recorded' : 'without'));
  const { ledger, close } = await openLedger(config);
  await prepareLedger(ledger, accounts);
  await close();
  const server = await startAudited(config, isRecorded);
  started.defer(server.stop);
  await untilCaughtUp(server.url);
  const { url, headers } = server;
  const load = startHttpLoad({
    url,
    headers,
    connections,
    requests: { kind: 'positions', accounts },
  });
  started.defer(load.stop);
  return {
    table,
    row: isRecorded ? rows.recorded : rows.without,
    measure: async (seconds) => {
      const [readings = []] = await load.run({ kind: 'most', seconds });
      // What is still to be written of this round is not to be paid for in the next.
      await untilCaughtUp(url);
      return readings;
    },
  };
}

/** What is left of the throughput, round by round: both were measured in each. */
function shareOf(figures: readonly Figure[]): Figure {
  const roundsOf = (wanted: string): readonly number[] =>
    figures.find(({ row }) => row === wanted)?.rounds ?? [];
  const without = roundsOf(rows.without);
  const rounds = roundsOf(rows.recorded).map((value, at) => (100 * value) / (without[at] ?? value));
  return {
    table: 'What recording decisions leaves of it',
    row: 'SQLite',
    column: 'of the throughput',
    unit: '%',
    rounds,
    target: { atLeast: 90 },
  };
}
