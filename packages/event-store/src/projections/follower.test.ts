import { describe, expect, test } from 'vitest';
import { RefusedStretch, type Stretch } from './advance.ts';
import { arrayLog } from './contract/array-log.ts';
import { journal, totals } from './contract/samples.ts';
import { FoldDefect } from './fold.ts';
import { blame, ceilingOf, groupsOf, nextStretch, type Follower } from './follower.ts';
import { shapeOf } from './shape.ts';

describe('followers move', () => {
  test('LG-10 together when they stand together, and alone in search of a defect', () => {
    const [one, two, three] = [at(5), at(5), at(7)];
    const searching = at(5, { ceiling: 6 });
    const past = at(7, { ceiling: 6 });
    const halted = at(5, { defect: new Error('bad') });

    const groups = groupsOf([one, halted, three, searching, two, past]);

    expect(groups).toEqual([[one, two], [three, past], [searching]]);
  });

  test.each([
    ['as far as they can when nobody is ahead', at(5), [at(5), at(2)], Infinity],
    ['to the next ahead', at(5), [at(5), at(9), at(8)], 8],
    ['not to one that is halted', at(5), [at(6, { defect: new Error('bad') })], Infinity],
    ['to what they suspect', at(5, { ceiling: 6 }), [at(9)], 6],
    ['not back to what they have passed', at(5, { ceiling: 4 }), [at(9)], 9],
    ['on from what they suspected', at(5, { ceiling: 5 }), [], Infinity],
  ])('OP-11 %s', (_, follower, others, ceiling) => {
    expect(ceilingOf([follower], [follower, ...others])).toBe(ceiling);
  });

  test('LG-10 over no event beyond their ceiling', async () => {
    const log = arrayLog();
    log.append('Counted', 1, 2, 3);

    const stretch = await nextStretch(log, [at(0)], 0, 2, 10);

    expect(stretch).toMatchObject({ from: 0, to: 2, more: true });
    expect(stretch.events.map(({ position }) => position)).toEqual([1, 2]);
  });
});

describe('the follower to blame', () => {
  test('LG-10 goes up to the event before the one that does not fold, then halts', async () => {
    const follower = at(0);
    const stretch = await events('Counted', 'Ignored', 'Counted');
    const defect = new FoldDefect(follower, stretch.events[2]!, new Error('bad'));

    expect(blame([at(0, { tableName: 'other' }), follower], stretch, defect)).toBe(follower);
    expect(follower).toMatchObject({ ceiling: 2, defect: undefined });

    follower.position = 2;
    blame([follower], { ...stretch, from: 2 }, defect);
    expect(follower.defect).toBe(defect);
  });

  test('LG-10 goes half way when the database refused something, until one event is left', async () => {
    const follower = at(0);
    const refusal = new RefusedStretch('totals__v1_1', new Error('too long'));
    const stretch = await events('Counted', 'Ignored', 'Counted', 'Counted', 'Counted', 'Counted');

    blame([follower], stretch, refusal);
    expect(follower.ceiling).toBe(3);

    follower.ceiling = undefined;
    blame([follower], await events('Ignored', 'Counted', 'Ignored'), refusal);
    expect(follower.ceiling).toBe(1);

    follower.position = 1;
    blame([follower], { ...(await events('Ignored', 'Counted')), from: 1 }, refusal);
    expect(follower.defect).toMatchObject({ position: 2, projection: 'totals' });
  });

  test('LG-10 is nobody when the error is of another kind', async () => {
    expect(blame([at(0)], await events('Counted'), new Error('gone'))).toBeUndefined();
  });
});

async function events(...types: readonly string[]): Promise<Stretch> {
  const log = arrayLog();
  for (const type of types) log.append(type, {});
  const page = await log.readAll({ after: 0, limit: 100 });
  return { from: 0, to: types.length, events: page.events };
}

function at(position: number, more: Partial<Follower> = {}): Follower {
  return {
    projection: more.tableName === 'other' ? journal : totals,
    shape: shapeOf(totals),
    tableName: 'totals__v1_1',
    position,
    status: 'active',
    ceiling: undefined,
    defect: undefined,
    promotableFromMs: 0,
    ...more,
  };
}
