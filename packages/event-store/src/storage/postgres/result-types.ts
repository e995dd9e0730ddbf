import { types, type CustomTypesConfig } from 'pg';

// PostgreSQL's type numbers (pg_type.dat).
const int8 = 20;

/**
 * Reads bigints as numbers: positions, versions and microseconds are exact as doubles. Results stay in the
 * text format; pg takes binary results for UTF-8 on the way and so breaks every byte above 127.
 */
export const resultTypes: CustomTypesConfig = {
  getTypeParser: ((type: number, format?: 'text' | 'binary') =>
    type === int8
      ? Number
      : types.getTypeParser(type, format)) as CustomTypesConfig['getTypeParser'],
};
