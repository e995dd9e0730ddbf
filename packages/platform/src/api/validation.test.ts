import { describe, expect, test } from 'vitest';
import { RotateApiKeyRequest } from '../domain/api-keys/contract.ts';
import { ChangePasswordRequest, LoginRequest, RefreshRequest } from '../domain/users/contract.ts';
import type { Refusal } from './problem.ts';
import { compileValidator } from './validation.ts';

const marker = 'Ma7ker';

/** What is said to somebody who has sent this. */
function answerTo(schema: object, data: unknown): string {
  const validate = compileValidator({ schema: schema as never, httpPart: 'body' } as never);
  const outcome = validate(data) as { readonly error: Refusal };
  return JSON.stringify(outcome.error.fields);
}

describe('RC-09 what does not fit', () => {
  test.each<[string, object, unknown]>([
    ['a password that is too long', LoginRequest, loginWith(marker.repeat(500))],
    ['a new password of no length but a number', ChangePasswordRequest, changeTo(4_711_815)],
    ['a refresh token that is too long', RefreshRequest, { refresh_token: marker.repeat(50) }],
    ['a text in place of the body', LoginRequest, marker],
  ])('is not repeated when it is %s', (_, schema, data) => {
    const answer = answerTo(schema, data);
    expect(answer).toContain('what was sent is not repeated');
    expect(answer).not.toMatch(/Ma7ker|4711815/);
  });

  test.each<[string, object, unknown, string]>([
    ['a name', LoginRequest, { username: 17, password: 'x' }, 'got 17'],
    ['what is out of range', RotateApiKeyRequest, { overlap_hours: 721 }, 'got 721'],
    ['the kind of what should be a password', LoginRequest, loginWith([marker]), 'got a list'],
  ])('is repeated when it is %s', (_, schema, data, said) => {
    expect(answerTo(schema, data)).toContain(said);
  });
});

function loginWith(password: unknown): object {
  return { username: 'ada', password };
}

function changeTo(next: unknown): object {
  return { current_password: 'x', new_password: next };
}
