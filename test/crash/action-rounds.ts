import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../packages/platform/src/config.ts';
import { openKeys } from '../../packages/platform/src/key-stores.ts';
import { openLog } from '../../packages/platform/src/stores.ts';
import { must } from '../simulation/must.ts';
import { randomOf, type Random } from '../simulation/random.ts';
import { checkHolders, checkReadModels, checkTotals, type Announced } from './action-audit.ts';
import { held, openHolders } from './holders.ts';
import { serveProgram, type ServedProgram } from './served-program.ts';
import { authorizationFor } from './token.ts';

export interface ActionRoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly holders: number;
  readonly onRound?: ((round: number, kind: string, tally: ActionTally) => void) | undefined;
}

export interface ActionTally {
  rounds: number;
  kills: number;
  /** Of them, those that came while some holders had been posted to and others not. */
  inTheMiddle: number;
  /** Of them, those that came before the program listened. */
  whileStarting: number;
  /** Dividends that were amended while they were posted. */
  amended: number;
  /** Over all rounds, postings in the log that is checked. */
  postings: number;
}

const minuteMs = 60_000;

/**
 * Kills the whole program with SIGKILL while it posts a dividend and a split to many holders, again and again
 * on a copy of one data directory. Once it is left alone, each holder has each of them once.
 */
export async function actionRounds(options: ActionRoundsOptions): Promise<ActionTally> {
  const { rounds, seed, holders, onRound } = options;
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-action-crash-'));
  const random = randomOf(seed);
  const tally = { rounds: 0, kills: 0, inTheMiddle: 0, whileStarting: 0, amended: 0, postings: 0 };
  const prepared = path.join(directory, 'prepared');
  try {
    await prepare(prepared, holders);
    for (let round = 1; round <= rounds; round += 1) {
      const own = path.join(directory, `round-${round}`);
      await cp(prepared, own, { recursive: true });
      const announced = await strike(own, random, holders, tally);
      await settle(own, holders, announced);
      tally.postings += await checkHolders(own, holders, announced);
      if (round === rounds) await checkReadModels(own);
      await rm(own, { recursive: true, force: true });
      tally.rounds = round;
      onRound?.(round, announced.dividend.version > 1 ? 'with an amendment' : 'plain', tally);
    }
    return tally;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function prepare(directory: string, holders: number): Promise<void> {
  const config = loadConfig({ environment: { COUNTERFOIL_DATA_DIR: directory } });
  const log = await openLog(config);
  const keys = await openKeys(config);
  await openHolders(log, keys.vault, holders);
  await keys.close();
  await log.close();
  const served = await serve(directory);
  await ask(served.url, '/api/v1/instruments', { symbol: held, name: 'Held', currency: 'USD' });
  await caughtUp(served.url);
  await served.kill();
}

/** Announces both, and kills the program at some points of the log that it comes to while it posts them. */
async function strike(
  directory: string,
  random: Random,
  holders: number,
  tally: ActionTally,
): Promise<Announced> {
  let served = await serve(directory);
  const dividend = await announce(served.url, {
    event_type: 'DIVIDEND',
    ex_date: '2020-08-06',
    record_date: '2020-08-07',
    payment_date: '2020-08-13',
    terms: { amount: '0.205', withholding_percent: '15' },
  });
  const split = await announce(served.url, {
    event_type: 'STOCK_SPLIT',
    ex_date: '2020-08-31',
    terms: { ratio: '3:2', price_in_lieu: '66.67' },
  });
  const from = split.position;
  const kills = random.between(1, 3);
  const points = Array.from({ length: kills }, () => from + random.below(2 * holders));
  const amendAt = random.chance(0.4) ? from + random.below(holders) : undefined;
  let isAmended = false;
  for (const point of points.toSorted((left, right) => left - right)) {
    if (amendAt !== undefined && !isAmended && amendAt <= point) {
      await passing(served.url, amendAt);
      await amend(served.url, dividend.id);
      isAmended = true;
    }
    const reached = await passing(served.url, point);
    await served.kill();
    tally.kills += 1;
    if (reached > from + 3 && reached < from + 2 * holders) tally.inTheMiddle += 1;
    if (random.chance(0.2)) {
      await killWhileStarting(directory, random);
      tally.kills += 1;
      tally.whileStarting += 1;
    }
    served = await serve(directory);
  }
  await served.kill();
  if (isAmended) tally.amended += 1;
  const [version, mills] = isAmended ? [2, 215n] : [1, 205n];
  return { dividend: { id: dividend.id, version, mills }, split };
}

/** Leaves the program alone until it has completed both, and holds what it says against what is right. */
async function settle(directory: string, holders: number, announced: Announced): Promise<void> {
  const served = await serve(directory);
  const [dividend, split] = [
    await completed(served.url, announced.dividend.id),
    await completed(served.url, announced.split.id),
  ];
  checkTotals(holders, announced, { dividend, split });
  const health = await caughtUp(served.url);
  must(health.status === 'ready', () => `it is ${JSON.stringify(health)}`);
  const { state } = health.breakers['bus'] ?? {};
  must(state === 'CLOSED', () => `the breaker round the bus is ${state}`);
  await served.kill();
}

async function serve(directory: string): Promise<ServedProgram> {
  const served = await serveProgram(directory);
  if (served === undefined) throw new Error('it was killed before anybody killed it');
  return served;
}

async function killWhileStarting(directory: string, random: Random): Promise<void> {
  let kill: (() => Promise<void>) | undefined;
  const starting = serveProgram(directory, (given) => {
    kill = given;
  });
  await sleep(random.below(900));
  await kill?.();
  await starting;
}

async function announce(
  url: string,
  event: object,
): Promise<{ readonly id: string; readonly position: number }> {
  const answer = await ask(url, '/api/v1/events', { symbol: held, ...event });
  return answer as { readonly id: string; readonly position: number };
}

async function amend(url: string, id: string): Promise<void> {
  const changes = { expected_version: 1, reason: 'misread', amount: '0.215' };
  await ask(url, `/api/v1/events/${id}`, changes, 'PATCH');
}

interface Health {
  readonly status: string;
  readonly store: { readonly position: number };
  readonly projections: { readonly lag: number };
  readonly breakers: Readonly<Record<string, { readonly state: string }>>;
}

/** Waits until the log has come to a position, or stands still behind it. Answers where it is. */
async function passing(url: string, position: number): Promise<number> {
  let before = -1;
  let standingSince = performance.now();
  for (;;) {
    const { store } = (await ask(url, '/health')) as Health;
    if (store.position >= position) return store.position;
    if (store.position > before) standingSince = performance.now();
    // All is posted: there was less to do than the point foresaw.
    else if (performance.now() - standingSince > 5_000) return store.position;
    before = store.position;
    await sleep(5);
  }
}

async function caughtUp(url: string): Promise<Health> {
  const deadline = performance.now() + 2 * minuteMs;
  for (;;) {
    const health = (await ask(url, '/health')) as Health;
    if (health.projections.lag === 0) return health;
    must(
      performance.now() < deadline,
      () => `the read models lag ${health.projections.lag} behind`,
    );
    await sleep(20);
  }
}

/** Its totals, once it is completed. */
async function completed(url: string, id: string): Promise<object> {
  const deadline = performance.now() + 5 * minuteMs;
  for (;;) {
    const event = (await ask(url, `/api/v1/events/${id}`)) as {
      readonly status: string;
      readonly totals: object;
    };
    if (event.status === 'COMPLETED') return event.totals;
    must(performance.now() < deadline, () => `it stays so: ${JSON.stringify(event)}`);
    await sleep(50);
  }
}

async function ask(url: string, resource: string, body?: object, method = 'POST'): Promise<object> {
  const response = await fetch(
    `${url}${resource}`,
    body === undefined
      ? { headers: authorizationFor(url) }
      : {
          method,
          headers: { ...authorizationFor(url), 'content-type': 'application/json' },
          body: JSON.stringify(body),
        },
  );
  const text = await response.text();
  if (text.includes('"code":"OVERLOADED"')) {
    // Nothing was done, on a machine that others keep busy.
    await sleep(1_000);
    return ask(url, resource, body, method);
  }
  must(response.ok, () => `${resource} was answered with ${response.status} ${text}`);
  return JSON.parse(text) as object;
}
