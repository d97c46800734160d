/** Ctrl-C asks once to finish and save; a second one ends the process. */
export function interruptible(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const ask = (): void => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write('\nstopping after this step and saving; press Ctrl-C again to stop at once\n');
    controller.abort();
  };
  process.on('SIGINT', ask);
  process.on('SIGTERM', ask);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', ask);
      process.off('SIGTERM', ask);
    },
  };
}
