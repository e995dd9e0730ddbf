import path from 'node:path';
import type { Authenticate } from '@counterfoil/platform/src/api/principal.ts';
import { createAuthenticator } from '@counterfoil/platform/src/identity/authenticator.ts';
import { makeFirstAdmin } from '@counterfoil/platform/src/identity/first-admin.ts';
import type { Identity } from '@counterfoil/platform/src/identity/identity.ts';
import { newApiKeyId } from '@counterfoil/platform/src/identity/random-ids.ts';
import { openKeys } from '@counterfoil/platform/src/key-stores.ts';
import { openIdentityOf } from '@counterfoil/platform/src/platform.ts';
import { createRetention } from '@counterfoil/platform/src/retention/retention.ts';
import { openLog, systemClock } from '@counterfoil/platform/src/stores.ts';
import { configFor } from '../load/ledger.ts';
import { interleave, type Contender } from '../measuring/rounds.ts';
import type { Bench, Outcome, Scenario } from '../scenario.ts';

/** What it costs to find out who sends a request. */
export const authentication: Scenario = {
  title: 'Who sends a request: tokens and API keys checked',
  measure: async (bench): Promise<Outcome> => {
    await using started = new AsyncDisposableStack();
    const identity = await openedIdentity(bench, started);
    const tokens = await issuedTokens(identity, bench.quick ? 20 : 2_000);
    const key = await issuedKey(identity);
    const { authenticate } = identity;
    const contenders = [
      checking('access tokens, each for the 100th time', amortised(identity, tokens)),
      checking(
        'an access token that was checked before',
        repeated(authenticate, tokens.slice(0, 1)),
      ),
      checking('an API key', repeated(authenticate, [key])),
    ];
    return {
      conditions: {
        tokens: `${tokens.length.toLocaleString('en')} sessions of one user, one token each, checked one after the other`,
        'each for the 100th time':
          'every token is verified anew once in 100 checks, as one of 15 minutes that is used every nine seconds',
      },
      figures: await interleave(contenders, { seconds: 3 }, bench),
    };
  },
};

async function openedIdentity(
  { directory }: Bench,
  started: AsyncDisposableStack,
): Promise<Identity> {
  const config = configFor(path.join(directory, 'identity'));
  const store = await openLog(config);
  started.defer(store.close);
  const keys = await openKeys(config);
  started.defer(keys.close);
  const { vault } = keys;
  const clock = systemClock;
  const policy = config.retentionYears;
  const retention = createRetention({ log: store, vault, keys: keys.store, policy, clock });
  const identity = await openIdentityOf(config, { store, vault, retention, clock, onFailure });
  started.defer(identity.close);
  await makeFirstAdmin(identity, password);
  return identity;
}

const onFailure = (failure: unknown): void => {
  throw failure;
};

const password = 'slanting copper harbour';
const address = '127.0.0.1';

async function issuedTokens(
  { sessions, logins, users, book }: Identity,
  count: number,
): Promise<readonly string[]> {
  const userId = book.userNamed(await users.indexOf('admin'));
  if (userId === undefined) throw new Error('there is no administrator');
  const position = await logins.confirm(userId, { password, address }, {});
  const issued = Array.from({ length: count }, async () => {
    const { accessToken } = await sessions.start({ userId, how: 'PASSWORD', position }, {});
    return accessToken;
  });
  return Promise.all(issued);
}

async function issuedKey({ apiKeys }: Identity): Promise<string> {
  const terms = { name: 'bench', permissions: ['READ'], accounts: [] } as const;
  const key = { ...terms, lifetimeDays: undefined };
  const { secret } = await apiKeys.create(newApiKeyId(), key, { cause: { userId: 'bench' } });
  return secret;
}

type Check = (seconds: number) => Promise<number>;

function checking(row: string, check: Check): Contender {
  return {
    table: 'Credentials checked',
    row,
    // 50 microseconds each.
    targets: { 'the most': { atLeast: 20_000 } },
    measure: async (seconds) => [
      { column: 'the most', unit: 'requests/s', value: await check(seconds) },
    ],
  };
}

/** Checks the same ones again and again; all are verified before. */
function repeated(authenticate: Authenticate, tokens: readonly string[]): Check {
  const credentials = tokens.map((token) => ({ authorization: `Bearer ${token}`, address }));
  return async (seconds) => {
    for (const one of credentials) await authenticate(one);
    return checksPerSecond(seconds, async () => {
      for (let times = 0; times < 1_000; times += 1) {
        for (const one of credentials) void authenticate(one);
      }
      return 1_000 * credentials.length;
    });
  };
}

/** Each is verified once and then known; when all have been, somebody who has seen none begins anew. */
function amortised(identity: Identity, tokens: readonly string[]): Check {
  const { book, tokens: accessTokens, apiKeys } = identity;
  const providerTokens = { forIssuer: () => undefined };
  const parts = { book, tokens: accessTokens, apiKeys, providerTokens, clock: systemClock };
  let authenticate = createAuthenticator(parts);
  let at = 0;
  return (seconds) =>
    checksPerSecond(seconds, async () => {
      if (at === tokens.length) {
        at = 0;
        authenticate = createAuthenticator(parts);
      }
      const one = { authorization: `Bearer ${tokens[at] ?? ''}`, address };
      at += 1;
      await authenticate(one);
      for (let times = 1; times < 100; times += 1) void authenticate(one);
      return 100;
    });
}

async function checksPerSecond(seconds: number, check: () => Promise<number>): Promise<number> {
  const startedMs = performance.now();
  let done = 0;
  while (performance.now() - startedMs < seconds * 1_000) done += await check();
  return done / ((performance.now() - startedMs) / 1_000);
}
