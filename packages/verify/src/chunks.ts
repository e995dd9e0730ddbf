/** The pieces of a stream. By its reader, as not every browser can iterate over one. */
export async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Whoever has read enough leaves the rest.
    await reader.cancel().catch(() => undefined);
  }
}
