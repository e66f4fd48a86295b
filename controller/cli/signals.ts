/** A signal that asks a command to end. Closing the terminal is one. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interruption {
  /** Aborts at the first Ctrl-C, SIGTERM or SIGHUP. */
  signal: AbortSignal;
  /** The handlers are taken away again. */
  release(): void;
}

/** Turns the signals that end a process into an abort, so that a command can clean up. Later ones are taken and do nothing more. */
export function onInterrupt(): Interruption {
  const abort = new AbortController();
  const stop = () => abort.abort(new Interrupted());
  for (const name of SIGNALS) process.on(name, stop);
  return {
    signal: abort.signal,
    release: () => {
      for (const name of SIGNALS) process.off(name, stop);
    },
  };
}

/** Somebody asked to stop: the way it ends, not a failure. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted");
    this.name = "Interrupted";
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done();
    signal.addEventListener("abort", () => done(), { once: true });
  });
}

/** Runs what a Ctrl-C ends. */
export async function untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, release } = onInterrupt();
  try {
    return await run(signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    release();
  }
}
