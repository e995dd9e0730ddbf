import type { Clock } from '@counterfoil/event-store';
import { jwtVerify, SignJWT } from 'jose';
import { Refusal } from '../api/problem.ts';
import { dateOf } from './access-tokens.ts';
import type { IdentityBook } from './identity-book.ts';
import type { TokenKeys } from './token-keys.ts';
import { verifies } from './token-lifetime.ts';

/** What has to be remembered while a user is away at a provider; it stays in his browser. */
export interface PendingLogin {
  readonly provider: string;
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly verifier: string;
}

/** Pending logins as signed texts, so that whichever process the user comes back to can read them. */
export interface LoginCookies {
  write(login: PendingLogin): Promise<string>;
  /** Rejects with a Refusal (PROVIDER_LOGIN_FAILED). */
  read(text: string): Promise<PendingLogin>;
}

export const pendingSecondsMax = 600;
const type = 'login+jwt';
const algorithm = 'EdDSA';

export interface LoginCookieParts {
  readonly issuer: string;
  readonly keys: TokenKeys;
  readonly book: IdentityBook;
  readonly clock: Clock;
}

export function createLoginCookies({ issuer, keys, book, clock }: LoginCookieParts): LoginCookies {
  return {
    write: async (login) => {
      const { keyId, privateKey } = await keys.signer();
      const now = Math.floor(dateOf(clock()).getTime() / 1_000);
      return new SignJWT({ ...login })
        .setProtectedHeader({ alg: algorithm, typ: type, kid: keyId })
        .setIssuer(issuer)
        .setIssuedAt(now)
        .setExpirationTime(now + pendingSecondsMax)
        .sign(privateKey);
    },
    read: async (text) => {
      try {
        const { payload } = await jwtVerify(
          text,
          ({ kid }) => {
            const key = book.tokenKeys().get(kid ?? '');
            if (key === undefined || !verifies(key, clock())) {
              throw new Error('signed with no key of ours');
            }
            return key.publicKey;
          },
          { algorithms: [algorithm], typ: type, issuer, currentDate: dateOf(clock()) },
        );
        return payload as unknown as PendingLogin;
      } catch {
        throw new Refusal(
          'PROVIDER_LOGIN_FAILED',
          'This browser began no login, or took too long over it.',
        );
      }
    },
  };
}
