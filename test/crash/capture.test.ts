import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { captureRounds } from './capture-rounds.ts';

const rounds = Number(process.env['COUNTERFOIL_CRASH_ROUNDS'] ?? 12);
const minuteMs = 60_000;

test(
  `TC-03, OP-11 every trade that was answered with 202 has one outcome, in ${rounds} rounds of kill -9`,
  { timeout: 3 * minuteMs + rounds * (minuteMs / 6) },
  async () => {
    const seed = randomInt(1_000_000);
    console.info(`repeat: node test/crash/run.ts --of capture --rounds ${rounds} --seed ${seed}`);

    const tally = await captureRounds({ rounds, seed });

    // Had nothing been under way when it was killed, there would have been nothing to lose.
    expect(tally.accepted).toBeGreaterThan(rounds * 10);
    expect(tally.leftPending + tally.unanswered).toBeGreaterThan(0);
    expect(tally.succeeded + tally.failed).toBe(tally.accepted);
    expect(tally.failed).toBeGreaterThan(0);
  },
);
