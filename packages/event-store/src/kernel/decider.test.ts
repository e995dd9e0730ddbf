import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accept, fold, refuse } from './decider.ts';

interface Noted {
  readonly type: 'Noted';
  readonly data: string;
}

const notebook = {
  initial: '',
  evolve: (state: string, { data }: Noted) => `(${state}${data})`,
};

function noted(data: string): Noted {
  return { type: 'Noted', data };
}

describe('LG-07 what a decider answers', () => {
  test('is events, or none when things are already so', () => {
    expect(accept(noted('a'), noted('b'))).toEqual({
      events: [noted('a'), noted('b')],
      rejection: undefined,
    });
    expect(accept()).toEqual({ events: [], rejection: undefined });
  });

  test('LG-08 or a rejection, with or without the events that record it', () => {
    expect(refuse('HALTED')).toEqual({ events: [], rejection: 'HALTED' });
    expect(refuse('HALTED', noted('a'))).toEqual({ events: [noted('a')], rejection: 'HALTED' });
  });
});

describe('LG-13 folding events into a state', () => {
  test('begins with the initial one and takes each in order', () => {
    expect(fold(notebook, [])).toBe('');
    expect(fold(notebook, ['a', 'b', 'c'].map(noted))).toBe('(((a)b)c)');
  });

  test('may stop anywhere and go on from there', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (before, after) => {
        const half = { ...notebook, initial: fold(notebook, before.map(noted)) };
        expect(fold(half, after.map(noted))).toBe(fold(notebook, [...before, ...after].map(noted)));
      }),
    );
  });

  test('takes events one at a time, from wherever they come', () => {
    expect(fold(notebook, twoEvents())).toBe('((a)b)');
  });
});

function* twoEvents(): Generator<Noted> {
  yield noted('a');
  yield noted('b');
}
