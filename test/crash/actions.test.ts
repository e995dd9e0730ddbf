import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { actionRounds } from './action-rounds.ts';

const rounds = Math.ceil(Number(process.env['COUNTERFOIL_CRASH_ROUNDS'] ?? 12) / 6);
const holders = 4_000;
const minuteMs = 60_000;

test(
  `CA-03, CA-06, OP-11 each of ${holders} holders has each action once, in ${rounds} rounds of kill -9 while they are posted`,
  { timeout: 3 * minuteMs + rounds * minuteMs },
  async () => {
    const seed = randomInt(1_000_000);
    console.info(
      `repeat: node test/crash/run.ts --of actions --rounds ${rounds} --holders ${holders} --seed ${seed}`,
    );

    const tally = await actionRounds({ rounds, seed, holders });

    expect(tally.rounds).toBe(rounds);
    // Had nothing been posted and nothing been left to post, there would have been nothing to go wrong.
    expect(tally.inTheMiddle).toBeGreaterThan(0);
    expect(tally.postings).toBeGreaterThanOrEqual(2 * holders * rounds);
  },
);
