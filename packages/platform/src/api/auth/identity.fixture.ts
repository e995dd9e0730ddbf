import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import type { UserId } from '../../domain/users/events.ts';
import { makeFirstAdmin } from '../../identity/first-admin.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';

const adminPassword = 'slanting copper harbour';

/** The whole program, with an administrator and the real door: nobody comes in without a token. */
export interface Door extends ServerFixture {
  readonly guarded: FastifyInstance;
  /** Sends a request; a body goes as JSON. */
  send(request: string, options?: SendOptions): Promise<LightMyRequestResponse>;
  /** Logs in, and gives the tokens. */
  login(username?: string, password?: string): Promise<TokenPair>;
  /** Registers a user by the administrator, under a name of its own. */
  register(terms?: object): Promise<Registered>;
  /** Lets time pass. */
  pass(seconds: number): void;
}

export interface Registered {
  readonly id: UserId;
  readonly username: string;
}

export interface SendOptions {
  readonly token?: string | undefined;
  readonly body?: object | undefined;
  readonly address?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as it is, as a form. */
  readonly form?: string | undefined;
}

export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

export const person = {
  display_name: 'Ada Lovelace',
  email: 'ada@example.com',
  password: 'seven quiet umbrellas',
  roles: ['ANALYST'],
};

export async function openDoor(stores: Parameters<typeof openServer>[0] = {}): Promise<Door> {
  const fixture = await openServer(stores);
  const { identity } = fixture.platform;
  await makeFirstAdmin(identity, adminPassword);
  const guarded = await fixture.withParts({ authenticate: identity.authenticate });

  const sendOnce: Door['send'] = (request, { token, body, address, headers = {}, form } = {}) => {
    const [method, url] = request.split(' ') as ['GET', string];
    const type = form === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
    return guarded.inject({
      method,
      url,
      remoteAddress: address ?? '192.0.2.1',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined && form === undefined ? {} : { 'content-type': type }),
        ...headers,
      },
      ...(body === undefined && form === undefined ? {} : { payload: form ?? body ?? '' }),
    });
  };

  // A machine that is busy with other tests sheds load, which is not what these are about.
  const send: Door['send'] = async (request, options) => {
    for (;;) {
      const response = await sendOnce(request, options);
      if (response.statusCode !== 503 || !response.body.includes('OVERLOADED')) return response;
      await sleep(200);
    }
  };

  const login: Door['login'] = async (username = 'admin', password = adminPassword) => {
    const response = await send('POST /api/auth/login', { body: { username, password } });
    if (response.statusCode !== 200) throw new Error(`${username}: ${response.body}`);
    return response.json<TokenPair>();
  };

  let registered = 0;
  const register: Door['register'] = async (terms = {}) => {
    const { access_token: token } = await login();
    registered += 1;
    const username = `Ada-${registered}`;
    const body = { username, ...person, ...terms };
    const response = await send('POST /api/users', { token, body });
    if (response.statusCode !== 201) throw new Error(response.body);
    return { id: response.json<{ readonly user_id: UserId }>().user_id, username };
  };

  let now = Date.parse('2026-11-20T15:00:00Z');
  const pass = (seconds: number): void => {
    now += seconds * 1_000;
    fixture.setTime(new Date(now).toISOString());
  };

  return { ...fixture, guarded, send, login, register, pass };
}
