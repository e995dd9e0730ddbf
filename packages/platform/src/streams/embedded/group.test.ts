import { describe, expect, test } from 'vitest';
import { createGroup } from './group.ts';

function groupOf(partitions: number) {
  let changes = 0;
  const next = new Map(Array.from({ length: partitions }, (_, partition) => [partition, 0]));
  const group = createGroup(next, () => {
    changes += 1;
  });
  const [one, two] = [Symbol('one'), Symbol('two')];
  group.join(one);
  return {
    group,
    one,
    two,
    changesIn: (work: () => void) => {
      const before = changes;
      work();
      return changes - before;
    },
  };
}

describe('TC-07 the members of a group on the embedded bus', () => {
  test('divide the partitions', () => {
    const { group, one, two } = groupOf(4);
    group.join(two);
    expect(group.acquire(one)).toEqual([0, 2]);
    expect(group.acquire(two)).toEqual([1, 3]);
  });

  test('wake nobody when they have found nothing, or all of them would look for ever', () => {
    const { group, one, two, changesIn } = groupOf(4);
    group.join(two);
    const rounds = (): void => {
      group.acquire(one);
      group.acquire(two);
      group.release(two);
      group.release(one);
    };
    expect(changesIn(rounds)).toBe(0);
  });

  test('wake who waits for a partition that another has had', () => {
    const { group, one, two, changesIn } = groupOf(2);
    expect(group.acquire(one)).toEqual([0, 1]);
    group.join(two);
    expect(group.acquire(two)).toEqual([]);
    expect(changesIn(() => group.release(one))).toBe(1);
    expect(group.acquire(two)).toEqual([1]);
    expect(changesIn(() => group.release(two))).toBe(0);
  });
});
