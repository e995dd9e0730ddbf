import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
// @ts-expect-error The package brings no types.
import { Provider as UntypedProvider } from 'oidc-provider';

const Provider = UntypedProvider as new (
  issuer: string,
  settings: object,
) => { callback(): RequestListener };

/** A real provider of OpenID Connect on this machine. */
export interface RunningProvider {
  readonly issuer: string;
  /** Goes through its pages as a browser does, as the user given; answers where it is sent back to. */
  logIn(url: string, user: string): Promise<string>;
  /** An access token for a service, for an audience. */
  serviceToken(audience: string): Promise<string>;
  close(): Promise<void>;
}

export const client = { id: 'counterfoil', secret: 'known to the two of them only' };

/** `groups` are those of each user. */
export async function startProvider(
  callback: string,
  groups: Readonly<Record<string, readonly string[]>>,
): Promise<RunningProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [callback],
        grant_types: ['authorization_code', 'client_credentials'],
      },
    ],
    // So that a test can tell it from the defaults: no request without PKCE.
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], profile: ['name', 'groups'], email: ['email'] },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        name: `${id} of the provider`,
        email: `${id}@provider.example`,
        groups: [...(groups[id] ?? [])],
      }),
    }),
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, resource: string) => ({
          scope: 'api',
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    cookies: { keys: ['a key of a test'] },
  });
  server.on('request', provider.callback());
  return {
    issuer,
    logIn: (url, user) => walk(url, user, callback),
    serviceToken: async (audience) => {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${btoa(`${client.id}:${encodeURIComponent(client.secret)}`)}`,
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          resource: audience,
          scope: 'api',
        }),
      });
      const { access_token: token } = (await response.json()) as { readonly access_token: string };
      return token;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Fills in the provider's forms, login and consent, until it sends the browser back. */
async function walk(start: string, user: string, callback: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = start;
  let body: URLSearchParams | undefined;
  for (let steps = 0; steps < 20; steps += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      method: body === undefined ? 'GET' : 'POST',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(body === undefined ? {} : { body }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location !== null) {
      url = new URL(location, url).href;
      body = undefined;
      if (url.startsWith(callback)) return url;
      continue;
    }
    const page = await response.text();
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
    if (action === undefined) throw new Error(`the provider shows no form: ${page}`);
    url = new URL(action, url).href;
    const prompt = page.includes('name="login"') ? 'login' : 'consent';
    body = new URLSearchParams(
      prompt === 'login' ? { prompt, login: user, password: 'any' } : { prompt },
    );
  }
  throw new Error('the provider goes in circles');
}
