/** Long synchronous work in small steps, so that signals, timers and the display are served in between. */
import { setImmediate } from 'node:timers/promises';

/**
 * A function to await often in a long loop. It gives way to the event loop once every `milliseconds`, and otherwise
 * costs a look at the clock. It throws the signal's reason once `signal` is aborted.
 */
export function pacer(signal?: AbortSignal, milliseconds = 50): () => Promise<void> | undefined {
  let last = performance.now();
  const giveWay = async () => {
    await setImmediate();
    signal?.throwIfAborted();
    last = performance.now();
  };
  return () => (performance.now() - last < milliseconds ? undefined : giveWay());
}
