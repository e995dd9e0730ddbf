import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { sentencesOf, verify, type Outcome, type Verdict, type VerifyOptions } from '../verify.ts';

/** Where the command speaks: the verdict on one side, everything about it on the other. */
export interface Voice {
  say(text: string): void;
  tell(text: string): void;
}

const usage = `counterfoil-verify <file> [--key KEY]... [--checkpoint FILE]... [--json]

Verifies an export, a report's package, an entry with its proof, a checkpoint, or a proof that the log of
one checkpoint grew into that of another. It needs no server, and looks at nothing but the files it is given.

  --key KEY          a verifier key that you know from elsewhere than the file: the key itself,
                     <name>+<id>+<base64>, or a file that holds one or several, one a line
  --checkpoint FILE  a checkpoint that you kept, or a file with several: what is verified has to agree
  --leaf FILE        the leaf that a bare tlog-proof is about
  --json             the verdict as JSON

Exit code: 0 right, 1 altered, 2 could not be checked, 3 whole, but without a key nothing is proven.`;

/** What a script learns. Without a key it is no success: nobody should take it for one. */
const exitCodes: { readonly [Kind in Outcome]: number } = {
  proven: 0,
  altered: 1,
  unchecked: 2,
  whole: 3,
};

/** Runs the command; answers the exit code, having said all there is to say. */
export async function run(words: readonly string[], voice: Voice): Promise<number> {
  const options = readOptions(words);
  if (typeof options === 'string') {
    voice.tell(`${options}\n\n${usage}`);
    return exitCodes.unchecked;
  }
  if (options.help) {
    voice.say(usage);
    return 0;
  }
  try {
    const verdict = await verify(await openAsBlob(options.file), {
      keys: await Promise.all(options.keys.map(keysIn)),
      checkpoints: await Promise.all(options.checkpoints.map((file) => readFile(file, 'utf8'))),
      leaf: options.leaf === undefined ? undefined : await readFile(options.leaf),
      onProgress: progressTo(voice),
    });
    voice.say(options.json ? JSON.stringify(verdict) : describe(verdict));
    return exitCodes[verdict.outcome];
  } catch (failure) {
    voice.tell(`Could not be checked: ${messageOf(failure)}`);
    return exitCodes.unchecked;
  }
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

interface Options {
  readonly file: string;
  readonly keys: readonly string[];
  readonly checkpoints: readonly string[];
  readonly leaf: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

/** Or a sentence about what is wrong with the words. */
function readOptions(words: readonly string[]): Options | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        key: { type: 'string', multiple: true, default: [] },
        checkpoint: { type: 'string', multiple: true, default: [] },
        leaf: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const [file, ...others] = positionals;
    if (!values.help && (file === undefined || others.length > 0)) return 'Name one file.';
    const { key: keys, checkpoint: checkpoints, leaf, json, help } = values;
    return { file: file ?? '', keys, checkpoints, leaf, json, help };
  } catch (failure) {
    return messageOf(failure);
  }
}

/** A key itself has two plus signs and the bytes of a key; anything else is the name of a file. */
async function keysIn(word: string): Promise<string> {
  return /^[^+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(word) ? word : readFile(word, 'utf8');
}

function describe(verdict: Verdict): string {
  return sentencesOf(verdict).join('\n');
}

const progressEveryMs = 2_000;

function progressTo(voice: Voice): VerifyOptions['onProgress'] {
  let toldAtMs = performance.now();
  return (done, total) => {
    if (performance.now() - toldAtMs < progressEveryMs) return;
    toldAtMs = performance.now();
    voice.tell(`Verifying: ${Math.floor((100 * done) / total)} % of ${total} bytes`);
  };
}
