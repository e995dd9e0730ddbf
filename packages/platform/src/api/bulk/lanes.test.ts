import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLanes } from './lanes.ts';

interface Task {
  readonly lane: string;
  readonly alone: boolean;
}

const tasks = fc.array(fc.record({ lane: fc.constantFrom('A', 'B', 'C'), alone: fc.boolean() }), {
  maxLength: 30,
});

test('tasks of a lane start in order, and those that must be alone are (LG-01)', () => {
  fc.assert(
    fc.property(tasks, fc.infiniteStream(fc.nat()), (list: readonly Task[], choices) => {
      const lanes = createLanes();
      const started: number[] = [];
      const running: { readonly at: number; readonly done: () => void }[] = [];
      list.forEach(({ lane, alone }, at) =>
        lanes.run(lane, alone, (done) => {
          const beside = running.filter((other) => list[other.at]?.lane === lane);
          if (alone) expect(beside).toEqual([]);
          expect(beside.filter((other) => list[other.at]?.alone)).toEqual([]);
          started.push(at);
          running.push({ at, done });
        }),
      );
      while (running.length > 0) {
        const [choice] = [...choices.take(1)];
        const [task] = running.splice((choice ?? 0) % running.length, 1);
        task?.done();
      }
      for (const lane of ['A', 'B', 'C']) {
        const inLane = started.filter((at) => list[at]?.lane === lane);
        expect(inLane).toEqual(inLane.toSorted((left, right) => left - right));
      }
      expect(started).toHaveLength(list.length);
    }),
  );
});
