import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import { Money } from '../money/money.ts';
import {
  settledCash,
  withdrawableCash,
  withUnsettled,
  type UnsettledAmounts,
} from './settlement.ts';

const day = (n: number) => calendarDate(`2026-11-${String(n).padStart(2, '0')}`);

/** `{ 21: '100' }` is 100 to be received on 21 November. */
function due(amounts: Readonly<Record<number, string>>): UnsettledAmounts {
  return Object.entries(amounts).map(([n, amount]) => ({
    settlementDate: day(Number(n)),
    amount: Money.of(amount),
  }));
}

describe('LG-07 amounts still to settle', () => {
  it.each([
    { title: 'are kept by date', before: {}, on: 21, amount: '5', after: { 21: '5' } },
    { title: 'merge by date', before: { 21: '5' }, on: 21, amount: '7', after: { 21: '12' } },
    { title: 'vanish when they cancel out', before: { 21: '5' }, on: 21, amount: '-5', after: {} },
    {
      title: 'stay in order when a shorter cycle comes in between',
      before: { 20: '1', 23: '5' },
      on: 21,
      amount: '7',
      after: { 20: '1', 21: '7', 23: '5' },
    },
    {
      title: 'are dropped when their day has come',
      before: { 18: '1', 19: '2', 20: '4' },
      on: 21,
      amount: '7',
      after: { 20: '4', 21: '7' },
    },
  ])('$title', ({ before, on, amount, after }) => {
    expect(withUnsettled(due(before), day(on), Money.of(amount), day(19))).toEqual(due(after));
  });

  it.each([
    { title: 'nothing to settle', unsettled: {}, settled: '1000', free: '1000' },
    { title: 'a sale', unsettled: { 20: '300' }, settled: '700', free: '700' },
    { title: 'a sale that settled today', unsettled: { 19: '300' }, settled: '1000', free: '1000' },
    { title: 'a purchase', unsettled: { 20: '-300' }, settled: '1300', free: '1000' },
    {
      title: 'a purchase to be paid before a sale brings in',
      unsettled: { 20: '-300', 21: '500' },
      settled: '800',
      free: '500',
    },
    {
      title: 'a purchase that an earlier sale pays for',
      unsettled: { 20: '500', 21: '-300' },
      settled: '800',
      free: '800',
    },
  ])('of a balance of 1,000 on 19 November, with $title', ({ unsettled, settled, free }) => {
    const cash = Money.of('1000');
    expect(Money.format(settledCash(cash, due(unsettled), day(19)))).toBe(settled);
    expect(Money.format(withdrawableCash(cash, due(unsettled), day(19)))).toBe(free);
  });
});
