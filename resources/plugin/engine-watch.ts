import { connect } from "node:net";

/** What a plugin can see of the engine that started it. */
export interface Watched {
  /** The process that started this one; another one, when that has died. */
  parent(): number;
  /** Whether the engine's address takes connections. */
  reachable(): Promise<boolean>;
}

const EVERY_MS = 500;
/** A busy engine may miss one connection. */
const MISSES = 3;

/**
 * Calls `gone` once when the engine has gone: when another process has become our parent, or when the engine's address refuses connections several
 * times in a row. A killed engine does not end its plugins, and those would go on making machines. Returns what stops the watch.
 */
export function watchEngine(watched: Watched, gone: () => void, everyMs: number = EVERY_MS): () => void {
  const parent = watched.parent();
  let misses = 0;
  let stopped = false;
  const look = async () => {
    misses = (await watched.reachable()) ? 0 : misses + 1;
    if (stopped) return;
    if (watched.parent() === parent && misses < MISSES) {
      timer = setTimeout(look, everyMs);
      return;
    }
    stopped = true;
    gone();
  };
  let timer = setTimeout(look, everyMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Whether anything listens at `HOST:PORT`. No address, or any doubt, counts as yes. */
export function listensAt(address: string | undefined): Promise<boolean> {
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(address ?? "") ?? [];
  if (port === "") return Promise.resolve(true);
  return new Promise((resolve) => {
    const socket = connect({ host: host || "127.0.0.1", port: Number(port) });
    const answer = (listens: boolean) => {
      socket.destroy();
      resolve(listens);
    };
    socket.setTimeout(EVERY_MS, () => answer(true));
    socket.once("connect", () => answer(true));
    socket.once("error", (error: NodeJS.ErrnoException) => answer(error.code !== "ECONNREFUSED"));
  });
}
