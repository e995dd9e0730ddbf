/** Values for `in`, which PostgreSQL does not take empty; no id is the empty text. */
export function anyOf(values: readonly string[]): string[] {
  return values.length === 0 ? [''] : [...values];
}
