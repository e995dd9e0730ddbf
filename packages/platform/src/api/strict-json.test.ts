import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from './problem.ts';
import { parseStrictly } from './strict-json.ts';

function codeOf(text: string): string {
  try {
    parseStrictly(text);
    return 'taken';
  } catch (failure) {
    return failure instanceof Refusal ? failure.code : String(failure);
  }
}

function nested(levels: number): string {
  return `${'['.repeat(levels)}${']'.repeat(levels)}`;
}

describe('RC-09 JSON that readers would not read alike', () => {
  test.each([
    ['a key twice', '{"amount":"1","amount":"1000"}', 'JSON_UNSAFE'],
    ['a key twice, spelled in two ways', '{"a":1,"\\u0061":2}', 'JSON_UNSAFE'],
    ['a key twice, far inside', '{"a":[{"b":{"c":1,"c":1}}]}', 'JSON_UNSAFE'],
    [
      'a key twice behind a text with quotation marks',
      '{"a":"\\\\\\":","b":1,"b":2}',
      'JSON_UNSAFE',
    ],
    ['__proto__', '{"__proto__":{"isAdmin":true}}', 'JSON_UNSAFE'],
    ['__proto__, escaped', '{"\\u005f_proto__":1}', 'JSON_UNSAFE'],
    ['constructor.prototype', '{"constructor":{"prototype":{"a":1}}}', 'JSON_UNSAFE'],
    ['65 levels', nested(65), 'JSON_UNSAFE'],
    ['100,000 levels', nested(100_000), 'JSON_UNSAFE'],
    ['64 levels', nested(64), 'taken'],
    ['NaN', '{"a":NaN}', 'MALFORMED_JSON'],
    ['Infinity', '{"a":-Infinity}', 'MALFORMED_JSON'],
    ['a comment', '{} // ', 'MALFORMED_JSON'],
    ['nothing', ' ', 'MALFORMED_JSON'],
    ['colons in texts', '{"a":"b:c:d","e:f":":"}', 'taken'],
    ['texts that end in backslashes', '{"a":"\\\\","b":"\\\\\\\\"}', 'taken'],
    ['the same key in two objects', '[{"a":1},{"a":1},{"b":{"a":{"a":1}}}]', 'taken'],
    ['a constructor that is a name', '{"constructor":"Gaudí"}', 'taken'],
  ])('%s', (_, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  test('whatever JSON can be written is read as it was, of numbers of levels that occur', () => {
    const holds = fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value);
      fc.pre(!text.includes('__proto__'));
      expect(parseStrictly(text)).toEqual(JSON.parse(text));
    });
    fc.assert(holds, { numRuns: 500 });
  });

  test('a member that is written a second time is always found', () => {
    const members = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 });
    const holds = fc.property(members, fc.nat(), (object, at) => {
      const keys = Object.keys(object);
      const key = keys[at % keys.length] ?? '';
      fc.pre(key !== '__proto__');
      const inside = JSON.stringify(object).slice(1, -1);
      expect(codeOf(`{${inside},${JSON.stringify(key)}:1}`)).toBe('JSON_UNSAFE');
    });
    fc.assert(holds, { numRuns: 500 });
  });
});

describe('RC-09 what is said of a text that is no JSON', () => {
  test.each([
    '{"password": hunter2secret}',
    '{"password":hunter"2secret"',
    '{"user":"someone","password": hunter2secret , "more": 1}',
  ])('quotes nothing of it: %s', (text) => {
    expect(() => parseStrictly(text)).toThrow(
      /^(?=.*can't be parsed)(?!.*(unter|secret|assw)).*$/s,
    );
  });
});
