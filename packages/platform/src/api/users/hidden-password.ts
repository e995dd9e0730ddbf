import type { Vault } from '../../vault/vault.ts';

/**
 * A body with a keyed hash in place of a password. What an idempotency key keeps of a request is a plain hash of
 * its body, from which a password could be guessed.
 */
export async function hidingPassword<Name extends string, Body extends Record<Name, string>>(
  vault: Pick<Vault, 'blindIndex'>,
  body: Body,
  name: Name,
): Promise<Body> {
  return { ...body, [name]: await vault.blindIndex(`request ${body[name]}`) };
}
