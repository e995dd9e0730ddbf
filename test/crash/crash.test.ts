import { randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { crashRounds } from './rounds.ts';

// More rounds find more: CI has time for 200 of each kind.
const rounds = Number(process.env['COUNTERFOIL_CRASH_ROUNDS'] ?? 12);
const minuteMs = 60_000;

describe.each([
  ['SQLite', 'sqlite'],
  ['PostgreSQL', 'postgres'],
] as const)('OP-11, LG-01, LG-10 a program on %s, killed again and again', (_, store) => {
  test(
    `loses nothing it acknowledged and doubles nothing in ${rounds} rounds, and its read models follow`,
    { timeout: 2 * minuteMs + rounds * (minuteMs / 4) },
    async () => {
      const seed = randomInt(1_000_000);
      console.info(
        `repeat: node test/crash/run.ts --of ${store} --rounds ${rounds} --seed ${seed}`,
      );

      const summary = await crashRounds({ store, rounds, seed });

      expect(summary.rounds).toBe(rounds);
      // Had nothing been told, or nothing been under way, there would have been nothing to lose.
      expect(summary.acknowledged).toBeGreaterThan(rounds);
      expect(summary.recovered + summary.resent).toBeGreaterThan(0);
      expect(summary.crashes.server > 0).toBe(store === 'postgres');
    },
  );
});
