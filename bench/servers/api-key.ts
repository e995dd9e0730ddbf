import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of the administrator of every server that is started here. */
export const adminPassword = randomUUID();

/** Makes a key that may do what services may; it does not expire while something is measured. */
export async function makeApiKey(url: string): Promise<string> {
  const login = { username: 'admin', password: adminPassword };
  const { access_token: token } = await post<{ access_token: string }>(
    `${url}/api/auth/login`,
    login,
  );
  const key = { name: 'bench', permissions: ['CREATE', 'READ', 'UPDATE', 'CANCEL', 'AUDIT'] };
  const { secret } = await post<{ secret: string }>(`${url}/api/api-keys`, key, token);
  return secret;
}

async function post<Answer>(url: string, body: object, token?: string): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  if (response.status === 503) {
    // It has only just started, on a machine that does other things too.
    await sleep(200);
    return post(url, body, token);
  }
  if (!response.ok) throw new Error(`${url} was answered with ${await response.text()}`);
  return (await response.json()) as Answer;
}
