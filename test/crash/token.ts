import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of the administrator of every program that is started here. */
export const adminPassword = randomUUID();

const tokens = new Map<string, string>();

/** Logs in to a program that has been started. */
export async function logIn(url: string): Promise<void> {
  const response = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: adminPassword }),
  });
  if (response.status === 503) {
    // It has only just started, and is busy with that.
    await sleep(100);
    return logIn(url);
  }
  if (!response.ok) throw new Error(`the login was answered with ${await response.text()}`);
  const { access_token: token } = (await response.json()) as { readonly access_token: string };
  tokens.set(url, token);
}

/** What a request to it has to carry. */
export function authorizationFor(url: string): { readonly authorization: string } {
  return { authorization: `Bearer ${tokens.get(url)}` };
}
