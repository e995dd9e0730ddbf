import { plainSensitive, type Sensitive } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import type { AccountId } from '../domain/accounts/events.ts';
import { ErasedSubject, KeysUnavailable } from '../vault/failures.ts';
import { createOpenings } from './openings.ts';

const alice = 'A1' as AccountId;
const bob = 'B1' as AccountId;

/** A vault that holds when it is let. */
function slowVault() {
  const waiting: { readonly name: string; answer(failure?: Error): void }[] = [];
  const hold = (_: unknown, name: string): Promise<Sensitive> =>
    new Promise((resolve, reject) => {
      waiting.push({
        name,
        answer: (failure) =>
          failure === undefined ? resolve(plainSensitive(name)) : reject(failure),
      });
    });
  return {
    hold,
    /** Of those that wait, the one at this place. */
    answer: (failure?: Error, at = 0) => waiting.splice(at, 1)[0]?.answer(failure),
  };
}

function settled(): Promise<unknown> {
  return new Promise((resolve) => setImmediate(resolve));
}

function opened() {
  const vault = slowVault();
  const openings = createOpenings(vault);
  const ran: string[] = [];
  const run = (what: string) => async () => {
    ran.push(what);
    return what;
  };
  return { ...vault, openings, ran, run };
}

describe('LG-05 commands on an account whose opening waits for the name to be held', () => {
  test('run behind it, in the order in which they were given', async () => {
    const { openings, ran, run, answer } = opened();
    void openings.open(alice, 'Ada', run('open'));
    void openings.behind(alice, run('deposit'));
    void openings.behind(alice, run('withdraw'));
    await settled();
    expect(ran).toEqual([]);

    answer();
    await settled();

    expect(ran).toEqual(['open', 'deposit', 'withdraw']);
  });

  test('hold up no other account, and run at once where none is being opened', async () => {
    const { openings, ran, run, answer } = opened();
    void openings.open(alice, 'Ada', run('open'));
    void openings.behind(bob, run('deposit of another'));
    expect(ran).toEqual(['deposit of another']);

    answer();
    await settled();
    void openings.behind(alice, run('later'));
    expect(ran).toEqual(['deposit of another', 'open', 'later']);
  });

  test('run also when the name can not be held, which the opening is told', async () => {
    const { openings, ran, run, answer } = opened();
    const opening = openings.open(alice, 'Ada', run('open'));
    const deposit = openings.behind(alice, run('deposit'));

    answer(new KeysUnavailable('gone'));

    await expect(opening).rejects.toThrow(KeysUnavailable);
    await deposit;
    expect(ran).toEqual(['deposit']);
  });

  test('wait for each of two openings, which run in their order', async () => {
    const { openings, ran, run, answer } = opened();
    void openings.open(alice, 'Ada', run('first')).catch(() => undefined);
    void openings.behind(alice, run('between'));
    void openings.open(alice, 'Eve', run('second'));
    void openings.behind(alice, run('last'));

    answer(new KeysUnavailable('gone'));
    await settled();
    expect(ran).toEqual(['between']);
    answer();
    await settled();
    expect(ran).toEqual(['between', 'second', 'last']);
  });

  test('wait for two openings whose names are held the other way round', async () => {
    const { openings, ran, run, answer } = opened();
    void openings.open(alice, 'Ada', run('first'));
    void openings.open(alice, 'Eve', run('second'));

    answer(undefined, 1);
    await settled();
    expect(ran).toEqual([]);
    answer();
    await settled();
    expect(ran).toEqual(['first', 'second']);
  });

  test('of somebody who was erased, the opening is left to the account to refuse', async () => {
    const { openings, answer } = opened();
    const opening = openings.open(alice, 'Ada', async (name) => name);

    answer(new ErasedSubject('erased'));

    expect(await opening).toEqual(plainSensitive('Ada'));
  });
});
