import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SessionId } from '../domain/users/events.ts';
import { newKeyText, newRefreshToken, readKeyText, readRefreshToken } from './secrets.ts';

const session = 'SES-0123456789ABCDEFGH' as SessionId;

describe('RC-06 secrets that are handed out', () => {
  test('are read as they were written', () => {
    for (let times = 0; times < 200; times += 1) {
      const { text: key, ...expected } = newKeyText();
      expect(readKeyText(key)).toEqual(expected);
      const { text: token, ...refresh } = newRefreshToken(session);
      expect(readRefreshToken(token)).toEqual(refresh);
    }
  });

  test('are never the same twice', () => {
    const keys = Array.from({ length: 1_000 }, () => newKeyText().text);
    expect(new Set(keys).size).toBe(1_000);
  });

  test('as keys are refused with any one sign changed, before anything is looked up', () => {
    const { text } = newKeyText();
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...alphabet.split('')), (at, sign) => {
        fc.pre(text[at] !== sign);
        expect(readKeyText(text.slice(0, at) + sign + text.slice(at + 1))).toBeUndefined();
      }),
    );
  });

  test('are not read from anything else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readKeyText(text)).toBeUndefined();
        expect(readRefreshToken(text)).toBeUndefined();
      }),
    );
  });
});
