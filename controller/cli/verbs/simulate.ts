import { FleetError } from "../../../resources/errors.ts";
import { simulators } from "../../../simulators/index.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "../../../simulators/simulator.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { aborted, onInterrupt } from "../signals.ts";
import { assignment, environmentOf } from "../simulated.ts";

export interface SimulateFlags extends GlobalOptions {
  port?: number;
  token?: string;
  rateScale?: number;
  provisionMs?: number;
  actionMs?: number;
  listLagMs?: number;
  servers?: number;
}

/** `fleetwright simulate CLOUD`: one simulated cloud on loopback, in the foreground, until Ctrl-C. It forgets all when it ends. */
export async function simulateVerb(flags: SimulateFlags, io: Io, name: string): Promise<number> {
  const entry = Object.hasOwn(simulators, name) ? simulators[name] : undefined;
  if (entry === undefined) {
    throw new FleetError(
      "USAGE",
      `there is no simulator of "${name}"; there are ${Object.keys(simulators).join(", ")}`,
    );
  }
  const { port, token, rateScale, provisionMs, actionMs, listLagMs, servers } = flags;
  const environment = environmentOf(name, entry, token);
  const wanted: SimulatorOptions = {};
  for (const [key, value] of Object.entries({ token, port, rateScale, provisionMs, actionMs, listLagMs, servers })) {
    if (value !== undefined) Object.assign(wanted, { [key]: value });
  }
  const interruption = onInterrupt();
  const simulator = await entry.start(wanted).catch((error: unknown) => {
    throw portTaken(error, port);
  });
  try {
    io.out(
      flags.json
        ? JSON.stringify(asJson(simulator, entry, environment))
        : intro(simulator, entry, environment, servers, io),
    );
    await aborted(interruption.signal);
    return EXIT.ok;
  } finally {
    interruption.release();
    await simulator.close();
  }
}

function portTaken(error: unknown, port: number | undefined): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "EADDRINUSE" && code !== "EACCES") return error;
  const why = code === "EADDRINUSE" ? "is in use" : "may not be opened by this user";
  return new FleetError("USAGE", `port ${port} ${why}; take another, or none for a free one`, { port });
}

function asJson({ cloud, url, port }: Simulator, { accountOptions }: SimulatedEntry, environment: object) {
  return {
    simulator: cloud,
    url,
    port,
    control: `${url}/_simulator`,
    environment,
    ...(accountOptions && { accountOptions }),
  };
}

function intro(
  { cloud, url }: Simulator,
  { accountOptions }: SimulatedEntry,
  environment: Readonly<Record<string, string>>,
  servers: number | undefined,
  { color }: Io,
): string {
  const control = `${url}/_simulator`;
  return [
    `${color.bold(`A simulator of ${cloud}`)}, not the cloud itself, listens at ${color.cyan(url)}`,
    ...(servers ? [`It starts with ${servers} machines that no fleet made.`] : []),
    "",
    "An account in a fleet reaches it with",
    `  endpoint: ${url}`,
    ...(accountOptions ? [`  options: ${JSON.stringify(accountOptions)}`] : []),
    "and the controller with",
    ...Object.entries(environment).map(([name, value]) => `  export ${assignment(name, value)}`),
    "",
    "Control, without credentials:",
    `  GET    ${control}/servers       every machine`,
    `  PATCH  ${control}/servers/ID    change one behind the fleet's back: {"power":"stopped"}, {"size":…}, {"tags":[…]}`,
    `  DELETE ${control}/servers/ID    take one away`,
    `  POST   ${control}/servers       a machine that is not the fleet's`,
    `  GET    ${control}/calls         requests so far, by route and status; DELETE sets them to none`,
    `  POST   ${control}/faults        break the next requests: {"match":{"method":"POST"},"action":{"kind":"dropAfter"}}`,
    "",
    color.dim("It keeps all in memory. Ctrl-C ends it."),
  ].join("\n");
}
