import { Refusal } from '../api/problem.ts';

const lengthMin = 12;
const scoreMin = 3;

/**
 * Throws a Refusal (PASSWORD_WEAK) unless a password is long, and hard to guess for somebody who knows the
 * user: `words` are the user's own.
 */
export async function requireStrong(password: string, words: readonly string[]): Promise<void> {
  const length = Array.from(password).length;
  if (length < lengthMin) {
    throw weak(`The password has ${length} characters, and ${lengthMin} are needed.`);
  }
  const estimate = await estimator();
  if (estimate(password, ['counterfoil', ...words.flatMap(partsOf)]) < scoreMin) {
    throw weak('The password is easy to guess.');
  }
}

function weak(happened: string): Refusal {
  return new Refusal('PASSWORD_WEAK', happened);
}

/** A name as it is, its parts, and the parts run together. */
function partsOf(word: string): readonly string[] {
  const parts = word.split(/[^\p{L}\p{N}]+/u).filter((part) => part.length > 2);
  return [word, parts.join(''), ...parts].filter((part) => part !== '');
}

type Estimate = (password: string, words: readonly string[]) => number;

let loaded: Promise<Estimate> | undefined;

/** Its word lists are large, and few runs of the program need them. */
function estimator(): Promise<Estimate> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Estimate> {
  const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ]);
  const zxcvbn = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  return (password, words) => zxcvbn.check(password, [...words]).score;
}
