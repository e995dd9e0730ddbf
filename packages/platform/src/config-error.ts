/** A setting can't be used; the message names it, says what is wrong and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
