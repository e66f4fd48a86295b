import { isIP } from "node:net";
import { FleetError } from "../../../resources/errors.ts";
import { standinPath } from "../../../simulators/standins/index.ts";
import { createLog, type LogFormat } from "../../jobs/log.ts";
import type { Address } from "../../listener.ts";
import { openController } from "../../open.ts";
import { currentBranch } from "../../repo/remote.ts";
import { Serving } from "../../serving.ts";
import { VERSION } from "../../version.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";

/** Names the secret that the git host signs its calls with. */
const HOOK_SECRET = "FLEETWRIGHT_HOOK_SECRET";
/** Names the secret of the forge's webhook. */
const FORGE_SECRET = "FLEETWRIGHT_FORGE_SECRET";
/** A guessed secret makes the service look at the repository as often as somebody likes. */
const SHORTEST_SECRET = 16;

export interface ServeFlags extends GlobalOptions {
  listen: string;
  spotListen?: string;
  branch?: string;
  pollSeconds: number;
  driftSeconds: number;
  expireAt: number | "never";
  retrySeconds: number;
  retries: number;
  keepDays: number;
  stacksAtOnce: number;
  logFormat?: LogFormat;
}

/**
 * `fleetwright serve`: keeps the fleet as the main line of its repository says until SIGTERM or SIGINT; then runs under way are finished. A
 * second signal leaves them to the next start. Exit 0 when it was asked to end.
 * @throws {FleetError} USAGE, GIT_FAILED, STORE_FAILED when it cannot start.
 */
export async function serveVerb(flags: ServeFlags, io: Io): Promise<number> {
  const address = addressOf(flags.listen, "--listen");
  const spot = flags.spotListen === undefined ? undefined : addressOf(flags.spotListen, "--spot-listen");
  const hookSecret = secretOf(HOOK_SECRET);
  const forgeSecret = secretOf(FORGE_SECRET);
  // A fetch that would ask for a password fails instead.
  process.env.GIT_TERMINAL_PROMPT ??= "0";
  const format = flags.logFormat ?? (process.stdout.isTTY === true ? "pretty" : "json");
  const log = createLog((line) => io.out(line), format);
  const { logger } = log;
  log.hide([hookSecret, forgeSecret].filter((one) => one !== undefined));

  let serving: Serving | undefined;
  const controller = await openController({
    fleetDir: flags.fleet,
    stacksAtOnce: flags.stacksAtOnce,
    progress: (event) => serving?.service.progress(event),
    onCall: (account, verdict) => serving?.metrics.cloudCalls.inc({ account, verdict }),
    onSecrets: (values) => log.hide(values),
    ...(flags.data === undefined ? {} : { dataDir: flags.data }),
    ...(flags.provider === undefined ? {} : { provider: flags.provider }),
    ...(flags.standIns ? { standIns: standinPath() } : {}),
  });
  try {
    const branch = flags.branch ?? (await currentBranch(controller.repo.dir));
    const settings = settingsOf(flags, branch);
    serving = await Serving.open(controller, {
      settings,
      log,
      ...(hookSecret === undefined ? {} : { hookSecret }),
      ...(forgeSecret === undefined ? {} : { forgeSecret }),
    });
    const asked = askedToEnd((signal) => logger.info({ signal }, "stopping: what is under way is finished"));
    try {
      if (flags.standIns) logger.warn("using stand-ins of the official plugins: for simulated clouds only");
      const url = await serving.start(address, spot);
      const addresses = { listen: url, ...(serving.spotUrl !== undefined && { spotListen: serving.spotUrl }) };
      logger.info({ version: VERSION, branch, ...addresses, webhook: hookSecret !== undefined }, "serving");
      await asked;
    } finally {
      await serving.stop();
    }
    logger.info("stopped");
    return EXIT.ok;
  } finally {
    await controller.close();
  }
}

const settingsOf = (flags: ServeFlags, branch: string) => ({
  branch,
  pollMs: flags.pollSeconds * 1000,
  driftMs: flags.driftSeconds * 1000,
  ...(flags.expireAt === "never" ? {} : { expireAt: flags.expireAt }),
  keepDays: flags.keepDays,
  retryMs: flags.retrySeconds * 1000,
  retryLimit: flags.retries,
});

/** Resolves at the first signal; the second ends the process as it is. */
function askedToEnd(tell: (signal: string) => void): Promise<void> {
  return new Promise((asked) => {
    let before = false;
    for (const name of ["SIGINT", "SIGTERM"] as const)
      process.on(name, () => {
        if (before) process.exit(130);
        before = true;
        tell(name);
        asked();
      });
  });
}

/** `127.0.0.1:8350`, `[::1]:0`. @throws {FleetError} USAGE */
function addressOf(text: string, flag: string): Address {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const name = bracketed ?? plain ?? "";
  if (Number(port) > 65_535 || !(name === "localhost" || isIP(name) !== 0))
    throw new FleetError("USAGE", `${flag} ${text}: an address and a port are wanted, 127.0.0.1:8350`, {});
  return { hostname: name, port: Number(port) };
}

/** @throws {FleetError} USAGE */
function secretOf(name: string): string | undefined {
  const value = process.env[name];
  if (value === undefined || value === "") return undefined;
  if (value.length >= SHORTEST_SECRET) return value;
  throw new FleetError("USAGE", `${name} has fewer than ${SHORTEST_SECRET} characters: take a random one`, {});
}
