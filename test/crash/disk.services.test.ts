import { randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { diskRounds } from './disk-rounds.ts';

// A multiple of 6, so that each kind of fault has its turn equally often.
const rounds = Number(process.env['COUNTERFOIL_DISK_ROUNDS'] ?? 18);

describe('OP-11, LG-01, LG-10 a program whose disk goes wrong and then loses power', () => {
  test(
    `acknowledges nothing that is lost and recovers from everything, in ${rounds} rounds`,
    { timeout: rounds * 60_000 },
    async () => {
      const seed = randomInt(1_000_000);
      console.info(`repeat: node test/crash/run.ts --of disk --rounds ${rounds} --seed ${seed}`);

      const { struck, ...summary } = await diskRounds({ rounds, seed });

      expect(summary.rounds).toBe(rounds);
      expect(summary.acknowledged).toBeGreaterThan(rounds);
      expect(summary.lostWrites).toBeGreaterThan(0);
      // A sync of the log's own file comes about at checkpoints only, so not in every round.
      expect(struck.sync + struck['sync, again']).toBeGreaterThan(0);
      expect(struck).toMatchObject({
        power: rounds / 6,
        'log full': rounds / 6,
        write: rounds / 6,
        'read models full': rounds / 6,
      });
    },
  );
});
