import { randomUUID, type KeyObject } from 'node:crypto';
import { formatInstant, type Clock, type Instant } from '@counterfoil/event-store';
import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { Refusal } from '../api/problem.ts';
import type { Role } from '../domain/access/events.ts';
import type { JwksAnswer } from '../domain/users/contract.ts';
import type { IdentityBook } from './identity-book.ts';
import type { TokenKeys } from './token-keys.ts';
import { lifetimeSeconds, skewSeconds, verifies } from './token-lifetime.ts';

/** Access tokens of our own: JWTs of RFC 9068, signed with Ed25519. */
export interface AccessTokens {
  /** A token for a quarter of an hour. */
  issue(claims: TokenClaims): Promise<IssuedToken>;
  /** Rejects with a Refusal: TOKEN_INVALID or TOKEN_EXPIRED. */
  verify(token: string): Promise<VerifiedToken>;
  /** What is published at /.well-known/jwks.json. */
  publicKeys(): JwksAnswer;
}

export interface TokenClaims {
  /** A user's id, or a service's. */
  readonly subject: string;
  /** The session, or the secret of the service, that it ends with. */
  readonly sessionId: string;
  /** Who asked for it: the service itself, or the program on behalf of a user. */
  readonly clientId: string;
  readonly roles: readonly Role[];
  /** What it is narrowed to; undefined for all. */
  readonly scope?: string | undefined;
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

export interface VerifiedToken {
  readonly subject: string;
  readonly sessionId: string;
  /** That it is signed with: once that is withdrawn, the token is good for nothing. */
  readonly keyId: string;
  readonly expiresAt: Instant;
}

const type = 'at+jwt';
const algorithm = 'EdDSA';
const tokenAudience = 'counterfoil-api';

export interface AccessTokenParts {
  /** The `iss` of our tokens. */
  readonly issuer: string;
  readonly keys: TokenKeys;
  readonly book: IdentityBook;
  readonly clock: Clock;
}

export function createAccessTokens({ issuer, keys, book, clock }: AccessTokenParts): AccessTokens {
  const keyOf = async (header: { readonly kid?: string | undefined }): Promise<KeyObject> => {
    const keyId = header.kid ?? '';
    let key = book.tokenKeys().get(keyId);
    if (key === undefined) {
      // Another process may have begun to sign with it just now. Anybody can name a key, at no cost.
      await book.glance();
      key = book.tokenKeys().get(keyId);
    }
    if (key === undefined || !verifies(key, clock()))
      throw invalid('It is signed with no key of ours.');
    return key.publicKey;
  };

  return {
    issue: async ({ subject, sessionId, clientId, roles, scope }) => {
      const { keyId, privateKey } = await keys.signer();
      const issuedAt = secondsOf(clock());
      const scoped = scope === undefined ? {} : { scope };
      const token = await new SignJWT({ sid: sessionId, client_id: clientId, roles, ...scoped })
        .setProtectedHeader({ alg: algorithm, typ: type, kid: keyId })
        .setIssuer(issuer)
        .setAudience(tokenAudience)
        .setSubject(subject)
        .setJti(randomUUID())
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + lifetimeSeconds)
        .sign(privateKey);
      return { token, expiresInSeconds: lifetimeSeconds };
    },
    verify: async (token) => {
      requirePlainHeader(token);
      const { payload, protectedHeader } = await verified(
        jwtVerify(token, keyOf, {
          algorithms: [algorithm],
          issuer,
          audience: tokenAudience,
          typ: type,
          requiredClaims: ['sub', 'sid', 'jti', 'iat', 'exp'],
          maxTokenAge: lifetimeSeconds,
          clockTolerance: skewSeconds,
          currentDate: dateOf(clock()),
        }),
      );
      return claimsOf(payload, protectedHeader.kid ?? '');
    },
    publicKeys: () => ({
      keys: [...book.tokenKeys()].flatMap(([kid, key]) =>
        verifies(key, clock())
          ? [{ kty: 'OKP', crv: 'Ed25519', x: key.x, kid, use: 'sig', alg: algorithm } as const]
          : [],
      ),
    }),
  };
}

/** Our tokens name a key and bring none. */
function requirePlainHeader(token: string): void {
  let header: object;
  try {
    header = decodeProtectedHeader(token);
  } catch {
    throw invalid('It is no JWT.');
  }
  const strange = Object.keys(header).find((name) => !['alg', 'typ', 'kid'].includes(name));
  if (strange !== undefined) throw invalid('Its header says what no token of ours does.');
}

/** The outcome of a verification; what is wrong with a token is said without repeating any of it. */
export async function verified<Result>(verifying: Promise<Result>): Promise<Result> {
  try {
    return await verifying;
  } catch (failure) {
    if (failure instanceof errors.JWTExpired) {
      throw new Refusal('TOKEN_EXPIRED', 'The token has expired.');
    }
    if (failure instanceof errors.JOSEError) throw invalid('It can not be verified.');
    throw failure;
  }
}

export function invalid(why: string): Refusal {
  return new Refusal('TOKEN_INVALID', `The token is refused. ${why}`);
}

function claimsOf(
  { sub, sid, exp }: JWTPayload & { readonly sid?: unknown },
  keyId: string,
): VerifiedToken {
  if (sub === undefined || typeof sid !== 'string' || exp === undefined) {
    throw invalid('It lacks a claim.');
  }
  return { subject: sub, sessionId: sid, keyId, expiresAt: instantOfSeconds(exp) };
}

export function instantOfSeconds(seconds: number): Instant {
  return (BigInt(Math.floor(seconds)) * 1_000_000_000n) as Instant;
}

function secondsOf(instant: Instant): number {
  return Number(instant / 1_000_000_000n);
}

export function dateOf(instant: Instant): Date {
  return new Date(formatInstant(instant));
}
