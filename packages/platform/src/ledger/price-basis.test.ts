import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import { bonus, dividend, split } from '../domain/corporate-actions/actions-in-force.fixture.ts';
import { Price } from '../domain/money/money.ts';
import { onBasisOf } from './price-basis.ts';

const actions = [
  split('2014-06-09', '7:1'),
  dividend('2020-08-07', '0.82'),
  split('2020-08-31', '4:1'),
  bonus('2021-01-04', '1:4'),
];

describe('CA-10 a price in shares of a later day', () => {
  test.each([
    ['of the same day is as it is', '499.23', '2020-08-28', '2020-08-28', '499.23'],
    ['is as it is until the split goes ex', '499.23', '2020-08-28', '2020-08-30', '499.23'],
    ['is divided on the ex-date', '499.23', '2020-08-28', '2020-08-31', '124.8075'],
    ['of the ex-date is in new shares already', '129.04', '2020-08-31', '2020-08-31', '129.04'],
    ['is not touched by a dividend', '455.61', '2020-08-06', '2020-08-07', '455.61'],
    ['is divided by all splits between', '645.57', '2014-06-06', '2020-08-31', '23.05607143'],
    ['is lower by shares that were given besides', '100', '2020-12-31', '2021-01-04', '80'],
  ])('%s', (_, price, date, day, expected) => {
    const dated = { price: Price.of(price), date: calendarDate(date) };
    expect(Price.format(onBasisOf(dated, calendarDate(day), actions))).toBe(expected);
  });
});
