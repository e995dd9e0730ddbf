import { types, type CustomTypesConfig } from 'pg';

// PostgreSQL's type numbers (pg_type.dat).
const int8 = 20;
const int8Array = 1016;

/**
 * Reads bigints as numbers: positions, versions and microseconds are exact as doubles. Results stay in the
 * text format; pg takes binary results for UTF-8 on the way and so breaks every byte above 127.
 */
export const resultTypes: CustomTypesConfig = {
  getTypeParser: ((type: number, format?: 'text' | 'binary') => {
    if (type === int8) return Number;
    if (type === int8Array) return numbersOf;
    return types.getTypeParser(type, format);
  }) as CustomTypesConfig['getTypeParser'],
};

function numbersOf(text: string): (number | null)[] {
  if (text === '{}') return [];
  return text
    .slice(1, -1)
    .split(',')
    .map((value) => (value === 'NULL' ? null : Number(value)));
}
