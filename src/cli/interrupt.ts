// Ctrl-C: the first asks the work to end cleanly, the second ends the process the ordinary way.

/** Runs `body` with a signal that SIGINT and SIGTERM raise; the handlers go when it ends. */
export async function withInterrupt<Result>(body: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (!controller.signal.aborted) {
      controller.abort();
      return;
    }
    // The default action, and not exit(): exit would wait for the very thread that does not stop.
    remove();
    process.kill(process.pid, name);
  };
  const remove = (): void => {
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await body(controller.signal);
  } finally {
    remove();
  }
}
