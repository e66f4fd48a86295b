import { FleetError, type FleetErrorCode } from "../../../resources/errors.ts";
import {
  APIError,
  type Changed,
  type DeployConfig,
  type Instance,
  ProviderManager,
  type Template,
} from "../../capsule/index.ts";
import { listed } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { renderInstance, renderInstances, renderTemplates } from "../render/capsule.ts";
import { onInterrupt } from "../signals.ts";

/** The fleet only where somebody has named it. */
export type OwnFleet = Omit<GlobalOptions, "fleet"> & { fleet: string | undefined };

export interface DeployOptions {
  name: string;
  region?: string[];
  sshKey?: string[];
  image?: string;
  firewall?: string[];
  securityGroup?: string[];
  label?: string[];
  backups?: boolean;
  projectId?: string;
  wait: boolean;
}

export interface CompareOptions {
  minCpu: number;
  minMemory: number;
  maxPrice?: number;
}

/**
 * `fleetwright capsule deploy`: one machine, or one in each of several regions, each a change of its own. Exit 1 when one of them came to nothing;
 * the others stay.
 */
export async function deployVerb(
  flags: DeployOptions & OwnFleet,
  io: Io,
  provider: string,
  template: string,
): Promise<number> {
  return await withManager(flags, io, async (manager) => {
    const regions = flags.region ?? [];
    const configs =
      regions.length < 2
        ? [{ ...configOf(flags), ...(regions[0] !== undefined && { region: regions[0] }) }]
        : [...new Set(regions)].map((region) => ({ ...configOf(flags), name: `${flags.name}-${region}`, region }));
    if (io.live) io.err(io.color.dim(flags.wait ? "waiting for the cloud's answer" : "waiting for it to be accepted"));
    const results = await Promise.allSettled(
      configs.map((config) => manager.deploy_to_provider(provider, template, config, { wait: flags.wait })),
    );
    const made = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const failures = results.flatMap((result, index) =>
      result.status === "rejected" ? [{ name: configs[index]!.name, ...wordsOf(result.reason) }] : [],
    );
    if (configs.length === 1 && failures.length === 1) throw (results[0] as PromiseRejectedResult).reason;
    if (flags.json) io.out(JSON.stringify({ instances: made, failures }));
    else {
      if (made.length > 0) io.out(renderInstances(made, io).join("\n"));
      for (const { name, status_code, message } of failures)
        io.err(io.color.red(`${name}: ${message} (${status_code})`));
    }
    return failures.length > 0 ? EXIT.error : EXIT.ok;
  });
}

function configOf(flags: DeployOptions): DeployConfig {
  const { name, sshKey, image, firewall, securityGroup, label, backups, projectId } = flags;
  return {
    name,
    ...(sshKey && { ssh_keys: sshKey }),
    ...(image !== undefined && { image }),
    ...(firewall && { firewalls: firewall }),
    ...(securityGroup && { security_groups: securityGroup }),
    ...(label && { labels: Object.fromEntries(label.map(labelOf)) }),
    ...(backups && { backups }),
    ...(projectId !== undefined && { project_id: projectId }),
  };
}

function labelOf(text: string): [string, string | null] {
  const at = text.indexOf("=");
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

/** `fleetwright capsule list`: machines of the named providers, or of all that there are credentials for. Exit 1 when one did not answer. */
export async function listVerb(flags: OwnFleet, io: Io, names: string[]): Promise<number> {
  return await withManager(flags, io, async (manager) => {
    const asked = names.length > 0 ? names : await manager.configured_providers();
    if (asked.length === 0)
      throw new FleetError(
        "USAGE",
        "no provider has credentials: set DIGITALOCEAN_API_KEY or another of `docs/capsule.md`",
      );
    const results = await Promise.allSettled(
      asked.map(async (name) => await (await manager.get_provider(name)).list_instances()),
    );
    const instances = results.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
    const failures = results.flatMap((result, index) =>
      result.status === "rejected" ? [{ provider: asked[index]!, ...wordsOf(result.reason) }] : [],
    );
    if (asked.length === 1 && failures.length === 1) throw (results[0] as PromiseRejectedResult).reason;
    if (flags.json) io.out(JSON.stringify({ instances, failures }));
    else {
      if (instances.length > 0) io.out(renderInstances(instances, io).join("\n"));
      else if (failures.length === 0) io.out("no machines");
      for (const { provider, message } of failures) io.err(io.color.red(`${provider}: ${message}`));
    }
    return failures.length > 0 ? EXIT.error : EXIT.ok;
  });
}

/** `fleetwright capsule get|start|stop|delete`: one machine by its provider's id. */
export async function oneVerb(
  verb: "get" | "start" | "stop" | "delete",
  flags: OwnFleet,
  io: Io,
  name: string,
  id: string,
): Promise<number> {
  return await withManager(flags, io, async (manager) => {
    const provider = await manager.get_provider(name);
    if (io.live && verb !== "get") io.err(io.color.dim(`waiting for ${id} to ${verb}`));
    const instance: Instance & Partial<Changed> = await provider[`${verb}_instance`](id);
    io.out(flags.json ? JSON.stringify(instance) : renderInstance(instance, io).join("\n"));
    return EXIT.ok;
  });
}

/** `fleetwright capsule cheapest`. Exit 1 when no template does. */
export async function cheapestVerb(flags: CompareOptions & OwnFleet, io: Io): Promise<number> {
  return await withManager(flags, io, async (manager) => {
    const found = await manager.get_cheapest_option(flags.minCpu, flags.minMemory);
    return printTemplates(found === null ? [] : [found], flags, io);
  });
}

/** `fleetwright capsule compare`. Exit 1 when no template does. */
export async function compareVerb(flags: CompareOptions & OwnFleet, io: Io): Promise<number> {
  return await withManager(flags, io, async (manager) =>
    printTemplates(await manager.compare_templates(flags.minCpu, flags.minMemory, flags.maxPrice), flags, io),
  );
}

function printTemplates(
  templates: Template[],
  { json, minCpu, minMemory, maxPrice }: Pick<OwnFleet, "json"> & CompareOptions,
  io: Io,
): number {
  const wanted = [
    ...(minCpu > 0 ? [`${minCpu} vCPU`] : []),
    ...(minMemory > 0 ? [`${minMemory} GiB`] : []),
    ...(maxPrice === undefined ? [] : [`a price of at most ${maxPrice} USD an hour`]),
  ];
  if (json) io.out(JSON.stringify({ templates }));
  else if (templates.length === 0) throw new FleetError("NOT_FOUND", `no template has ${listed(wanted)}`);
  else io.out(renderTemplates(templates, io).join("\n"));
  return templates.length > 0 ? EXIT.ok : EXIT.error;
}

/** With a manager of the library, which ends with the verb. */
export async function withManager(
  flags: OwnFleet,
  io: Io,
  use: (manager: ProviderManager) => Promise<number>,
): Promise<number> {
  const manager = new ProviderManager({
    ...(flags.fleet !== undefined && { fleet: flags.fleet }),
    ...(flags.data !== undefined && { data: flags.data }),
    ...(flags.standIns && { stand_ins: true }),
  });
  const { signal, release } = onInterrupt();
  signal.addEventListener("abort", () => {
    io.err("stopping: finishing what is under way");
    void manager.close();
  });
  try {
    return await use(manager);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof APIError ? asFleetError(error) : error;
  } finally {
    release();
    await manager.close();
  }
}

const wordsOf = (error: unknown): { status_code: number; message: string } =>
  error instanceof APIError
    ? { status_code: error.status_code, message: error.message }
    : { status_code: 500, message: error instanceof Error ? error.message : String(error) };

const CODES: Readonly<Record<number, FleetErrorCode>> = {
  401: "CLOUD_AUTH",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  409: "CONFLICT",
  429: "CLOUD_RATE_LIMITED",
};

/** As the command line tells errors: with a code, and what it is about. */
function asFleetError(error: APIError): FleetError {
  const { message, status_code, change } = error;
  const at = { status_code, error: error.name, ...(change !== undefined && { change }) };
  const code = CODES[status_code] ?? (status_code < 500 ? "USAGE" : "CLOUD_UNAVAILABLE");
  return new FleetError(code, message, at, { cause: error });
}
