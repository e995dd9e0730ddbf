import { describe, expect, test } from 'vitest';
import { murmur2, partitionOf } from './partition-of.ts';

describe('TC-07 the partition of a key', () => {
  // From Apache Kafka's own tests (org.apache.kafka.common.utils.UtilsTest).
  test.each([
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['a-little-bit-longer-string', -1_486_304_829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
    ['abc', 479_470_107],
  ])('%s hashes as in Kafka', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  test('is one of those that there are, and nearly as often each', () => {
    const counts = Array.from({ length: 7 }, () => 0);
    for (let number = 0; number < 7_000; number += 1) {
      const partition = partitionOf(`trade-${number}`, 7);
      counts[partition] = (counts[partition] ?? Number.NaN) + 1;
    }
    for (const count of counts) expect(count).toBeGreaterThan(800);
    expect(counts).toHaveLength(7);
  });
});
