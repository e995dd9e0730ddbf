import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Lets go of all that nothing refers to any more: afterwards a WeakRef tells who still holds on. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What a WeakRef has handed out stays until the current job ends.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
}
