/**
 * Keeps so many calls under way for so long, each followed by the next, and answers how many were done a
 * second. For the most that something can do; latencies taken this way would flatter it.
 */
export async function callsPerSecond(
  seconds: number,
  callers: number,
  call: (caller: number) => Promise<unknown>,
): Promise<number> {
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  let done = 0;
  const callOn = async (caller: number): Promise<void> => {
    while (performance.now() < endMs) {
      await call(caller);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => callOn(caller)));
  return done / ((performance.now() - startedMs) / 1_000);
}
