import type { FastifyReply } from 'fastify';
import type { TokenAnswer } from '../../domain/users/contract.ts';
import type { Tokens } from '../../identity/sessions.ts';

/** Answers with tokens, which nothing on the way may keep (RFC 6749, section 5.1). */
export function sendTokens(reply: FastifyReply, tokens: Tokens): FastifyReply {
  const { accessToken, expiresInSeconds, refreshToken } = tokens;
  const answer: TokenAnswer = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
    refresh_token: refreshToken,
  };
  return unkept(reply).send(answer);
}

export function unkept(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store');
}
