import { FleetError } from "../../../resources/errors.ts";
import type { SimulatedSite } from "../../../simulators/gpu-cloud.ts";
import { simulators, sites } from "../../../simulators/index.ts";
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

/** One of those that run, and what it takes. */
interface Part {
  simulator: Simulator;
  entry: SimulatedEntry;
  environment: Readonly<Record<string, string>>;
}

/** `fleetwright simulate CLOUD`: one simulated cloud, or several that know of each other, on loopback, in the foreground, until Ctrl-C. It forgets all when it ends. */
export async function simulateVerb(flags: SimulateFlags, io: Io, name: string): Promise<number> {
  const site = siteOf(name);
  const { port, token, rateScale, provisionMs, actionMs, listLagMs, servers } = flags;
  const entries = Object.entries(site.parts);
  if (entries.length > 1 && (token !== undefined || servers !== undefined))
    throw new FleetError("USAGE", `${name} is several simulators: it takes no --token and no --servers`, {});
  const environments = entries.map(([part, entry]) => environmentOf(part, entry, token));
  const wanted: SimulatorOptions = {};
  for (const [key, value] of Object.entries({ token, port, rateScale, provisionMs, actionMs, listLagMs, servers })) {
    if (value !== undefined) Object.assign(wanted, { [key]: value });
  }
  const interruption = onInterrupt();
  const started = await site.start(wanted).catch((error: unknown) => {
    throw portTaken(error, (error as { port?: number }).port ?? port);
  });
  const parts = started.map((simulator, index): Part => {
    return { simulator, entry: entries[index]![1], environment: environments[index]! };
  });
  try {
    const [only, ...others] = parts.map(asJson);
    const told = others.length === 0 ? only : { simulators: [only, ...others] };
    io.out(flags.json ? JSON.stringify(told) : parts.map((part) => intro(part, servers, io)).join("\n\n"));
    await aborted(interruption.signal);
    return EXIT.ok;
  } finally {
    interruption.release();
    for (const { simulator } of parts) await simulator.close();
  }
}

/** @throws {FleetError} USAGE */
function siteOf(name: string): SimulatedSite {
  if (Object.hasOwn(sites, name)) return sites[name]!;
  const entry = Object.hasOwn(simulators, name) ? simulators[name] : undefined;
  if (entry !== undefined) return { parts: { [name]: entry }, start: async (options) => [await entry.start(options)] };
  const known = [...Object.keys(simulators), ...Object.keys(sites)];
  throw new FleetError("USAGE", `there is no simulator of "${name}"; there are ${known.join(", ")}`);
}

function portTaken(error: unknown, port: number | undefined): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "EADDRINUSE" && code !== "EACCES") return error;
  const why = code === "EADDRINUSE" ? "is in use" : "may not be opened by this user";
  return new FleetError("USAGE", `port ${port} ${why}; take another, or none for a free one`, { port });
}

function asJson({ simulator: { cloud, url, port }, entry: { accountOptions }, environment }: Part) {
  return {
    simulator: cloud,
    url,
    port,
    control: `${url}/_simulator`,
    environment,
    ...(accountOptions && { accountOptions }),
  };
}

const isCloud = (name: string): boolean => Object.hasOwn(simulators, name);

function intro(
  { simulator: { cloud, url }, entry: { accountOptions }, environment }: Part,
  servers: number | undefined,
  { color }: Io,
): string {
  const control = `${url}/_simulator`;
  return [
    `${color.bold(`A simulator of ${cloud}`)}, not the cloud itself, listens at ${color.cyan(url)}`,
    ...(servers ? [`It starts with ${servers} machines that no fleet made.`] : []),
    "",
    ...(isCloud(cloud)
      ? ["An account in a fleet reaches it with", `  endpoint: ${url}`]
      : ["A fleet reaches it with", `  url: ${url}`]),
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
