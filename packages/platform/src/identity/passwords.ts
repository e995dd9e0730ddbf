import { randomBytes } from 'node:crypto';
import { StoreOverloaded } from '@counterfoil/event-store';
import { hash, parseOptions, verify } from '@node-rs/argon2';

/** Hashing of passwords with argon2id (RFC 9106). */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** False, after as long a time, when there is no hash: the answer must not tell who has a password. */
  matches(hash: string | undefined, password: string): Promise<boolean>;
  /** Whether a hash was made with other parameters than one that is made now. */
  isOutdated(hash: string): boolean;
}

export interface HashParameters {
  /** KiB. */
  readonly memoryCost: number;
  /** Passes over it. */
  readonly timeCost: number;
  readonly parallelism: number;
}

// The least that OWASP's Password Storage Cheat Sheet advises.
const advised: HashParameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

// 2 is argon2id; the library's enumeration can't be imported where types are only stripped.
const argon2id = 2;

/** Each takes 19 MiB and a core for a while: more at once would starve everything else. */
const atOnceMax = 2;
const waitingMax = 100;

/** Rejects with a StoreOverloaded when too many wait. */
export async function createPasswords(parameters: HashParameters = advised): Promise<Passwords> {
  const inTurn = createQueue();
  const options = { ...parameters, algorithm: argon2id };
  const hashed = (password: string) => inTurn(() => hash(normal(password), options));
  const nobodys = await hashed(randomBytes(32).toString('base64'));
  return {
    hash: hashed,
    matches: async (stored, password) => {
      const isRight = await inTurn(() => verify(stored ?? nobodys, normal(password)));
      return stored !== undefined && isRight;
    },
    isOutdated: (stored) => {
      const { memoryCost, timeCost, parallelism } = parseOptions(stored);
      return (
        !stored.startsWith('$argon2id$') ||
        memoryCost !== parameters.memoryCost ||
        timeCost !== parameters.timeCost ||
        parallelism !== parameters.parallelism
      );
    },
  };
}

/** Keyboards differ in how they write the same sign (NIST SP 800-63B, section 3.1.1.2). */
function normal(password: string): string {
  return password.normalize('NFKC');
}

function createQueue(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= atOnceMax) {
      if (waiting.length >= waitingMax) throw new StoreOverloaded('too many passwords wait');
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      // Whoever is next takes the place over.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
