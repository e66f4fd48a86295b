import { standinPath } from "../../simulators/standins/index.ts";
import { type OpenController, openController } from "../open.ts";
import { personAt } from "../repo/person.ts";
import type { Io } from "./io.ts";
import type { GlobalOptions } from "./options.ts";
import { liveProgress, type ProgressView } from "./render/progress.ts";
import { Interrupted } from "./signals.ts";

export interface Session {
  controller: OpenController;
  /** Aborts at the first Ctrl-C: what is under way is finished and recorded. */
  signal: AbortSignal;
  view: ProgressView;
}

/** Opens the controller for one verb and closes it after, whatever happens. */
export async function withSession<T>(
  options: GlobalOptions,
  io: Io,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const stop = () => {
    io.err("stopping: finishing what is under way (Ctrl-C again to leave it to the next start)");
    abort.abort(new Interrupted());
    process.once("SIGINT", () => process.exit(130));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const view = liveProgress(io);
  if (options.standIns) io.err("using stand-ins of the official plugins: for simulated clouds only");
  const controller = await openController({
    fleetDir: options.fleet,
    progress: view.take,
    ...(options.data === undefined ? {} : { dataDir: options.data }),
    ...(options.provider === undefined ? {} : { provider: options.provider }),
    ...(options.standIns ? { standIns: standinPath() } : {}),
  });
  try {
    return await use({ controller, signal: abort.signal, view });
  } finally {
    view.close();
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    await controller.close();
  }
}

/** Who approves on a command line, as git knows the person, else the system. */
export async function whoIsAsking(controller: OpenController): Promise<{ name: string; email: string }> {
  return await personAt(controller.repo.dir);
}

/** What is not committed is not looked at: whoever has just edited a file should hear it. */
export async function noteUncommitted({ controller }: Session, commit: string | undefined, io: Io): Promise<void> {
  if (commit === undefined && (await controller.repo.isDirty()))
    io.err(io.color.yellow("some files of the fleet are not committed: only what is committed counts"));
}
