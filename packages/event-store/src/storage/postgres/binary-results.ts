import type { CustomTypesConfig } from 'pg';

// PostgreSQL's type numbers (pg_type.dat).
const bool = 16;
const bytea = 17;
const int8 = 20;
const int4 = 23;

/**
 * Reads results in the binary format: bodies then come as the bytes they are, not as hexadecimal text.
 * Positions and microseconds are exact as doubles.
 */
export const binaryTypes: CustomTypesConfig = {
  getTypeParser: (type: number) => (value: unknown) => {
    if (!Buffer.isBuffer(value)) return value;
    switch (type) {
      case bool:
        return value[0] === 1;
      case bytea:
        return value;
      case int8:
        return Number(value.readBigInt64BE());
      case int4:
        return value.readInt32BE();
      default:
        return value.toString('utf8');
    }
  },
};
