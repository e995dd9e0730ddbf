import { divide, powerOfTen } from '@counterfoil/event-store';
import type { CalculationLine } from './calculation-lines.ts';

// Reads formulas as a person does who checks them: the numbers and the signs between them, and not the words.

interface Rational {
  readonly num: bigint;
  readonly den: bigint;
}

const decimals = 8;

/** What a formula comes to, at as many decimals as the value has, money to cents and shares by themselves. */
export function evaluated({ formula }: CalculationLine, rounding: 'money' | 'shares'): string {
  const tokens = formula
    .split(/[\s,]+/)
    .filter((token) => /^(-?\d+(\.\d+)?|[-+x/()%])$/.test(token));
  const { num, den } = tokens.length === 0 ? { num: 0n, den: 1n } : parsed(tokens);
  const scale = rounding === 'money' ? 2 : formula.endsWith('rounded down') ? 0 : decimals;
  const units = divide(num * powerOfTen(scale), den, rounding === 'money' ? 'half-up' : 'down');
  return textOf(units, scale);
}

function parsed(tokens: readonly string[]): Rational {
  let at = 0;
  const sum = (): Rational => {
    let left = product();
    while (tokens[at] === '+' || tokens[at] === '-') {
      const sign = tokens[at] === '+' ? 1n : -1n;
      at += 1;
      const right = product();
      left = { num: left.num * right.den + sign * right.num * left.den, den: left.den * right.den };
    }
    return left;
  };
  const product = (): Rational => {
    let left = term();
    while (tokens[at] === 'x' || tokens[at] === '/') {
      const isTimes = tokens[at] === 'x';
      at += 1;
      const right = term();
      left = isTimes
        ? { num: left.num * right.num, den: left.den * right.den }
        : { num: left.num * right.den, den: left.den * right.num };
    }
    return left;
  };
  const term = (): Rational => {
    const token = tokens[at] ?? '';
    at += 1;
    if (token === '(') {
      const inner = sum();
      if (tokens[at] !== ')') throw new Error(`no ) in ${tokens.join(' ')}`);
      at += 1;
      return inner;
    }
    if (!/\d/.test(token)) throw new Error(`"${token}" in ${tokens.join(' ')} is no number`);
    const [whole = '', part = ''] = token.split('.');
    const number = { num: BigInt(whole + part), den: powerOfTen(part.length) };
    if (tokens[at] !== '%') return number;
    at += 1;
    return { num: number.num, den: number.den * 100n };
  };
  const result = sum();
  if (at !== tokens.length) throw new Error(`${tokens.slice(at).join(' ')} is left over`);
  return result.den < 0n ? { num: -result.num, den: -result.den } : result;
}

function textOf(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const part = digits.slice(digits.length - scale).replace(/0+$/, '');
  const sign = units < 0n ? '-' : '';
  return `${sign}${whole}${part === '' ? '' : `.${part}`}`;
}
