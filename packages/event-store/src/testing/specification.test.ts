import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import { accept, refuse, type Decider } from '../kernel/decider.ts';
import type { DomainEvent } from '../kernel/event.ts';
import { specificationFor } from './specification.ts';

type Added = DomainEvent<'Added', { readonly by: bigint }>;

const counter: Decider<bigint, bigint, Added, 'NEGATIVE'> = {
  initial: 0n,
  decide: (by) => {
    if (by === 0n) return accept();
    return by > 0n ? accept(added(by)) : refuse('NEGATIVE');
  },
  evolve: (total, { data }) => total + data.by,
};

function added(by: bigint): Added {
  return { type: 'Added', data: { by } };
}

const specification = specificationFor(counter);

describe('LG-01 given, when, then', () => {
  test.each([
    ['the events decided', () => specification.given(added(1n)).when(2n).thenEvents(added(2n))],
    ['nothing, when things are already so', () => specification.given().when(0n).thenEvents()],
    ['the rejection', () => specification.given().when(-1n).thenRejected('NEGATIVE')],
    ['the state', () => specification.given(added(1n), added(2n)).thenState(3n)],
  ])('holds for %s', (_, example) => {
    expect(example).not.toThrow();
  });

  test.each([
    ['another event', () => specification.given().when(2n).thenEvents(added(3n))],
    ['one event too many', () => specification.given().when(2n).thenEvents(added(2n), added(2n))],
    ['none, where there is one', () => specification.given().when(2n).thenEvents()],
    ['events of a rejected command', () => specification.given().when(-1n).thenEvents()],
    [
      'a rejection of an accepted one',
      () => specification.given().when(1n).thenRejected('NEGATIVE'),
    ],
    ['another state', () => specification.given(added(1n)).thenState(2n)],
  ])('does not hold for %s', (_, example) => {
    expect(example).toThrow(AssertionError);
  });
});
