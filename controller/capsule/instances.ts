import type { ActualServer } from "../../resources/actual.ts";
import { ownerMark } from "../../resources/mark.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { MatchedAccount } from "../reconcile/match.ts";
import type { AppliedObject } from "../store/types.ts";

/** A machine as its cloud has it now. */
export interface Instance {
  /** The provider's own. */
  id: string;
  /** As the cloud has it. */
  name: string;
  /** `provisioning`, `running`, `stopped`, `suspended`, `changing` or `deleting`. */
  status: string;
  /** The public IPv4 address; empty while there is none. */
  ip_address: string;
  ipv6_address: string;
  provider: string;
  region: string;
  size: string;
  image: string;
  /** ISO instant; empty where the cloud does not tell. */
  created_at: string;
  /** Whether a file of the fleet has it. What is not managed is shown and not touched. */
  managed: boolean;
  /** Its name in the fleet. */
  server?: string;
}

/** What `deploy` and every action answers besides. */
export interface Changed {
  /** The change of the fleet that did it; empty where all of it was so already. */
  change: string;
}

export function instanceOf(actual: ActualServer, provider: string, server: string | undefined): Instance {
  const { id, name, ipv4, ipv6, region, size = "", image = "", createdAt = "" } = actual;
  return {
    id,
    name,
    status: statusOf(actual),
    ip_address: ipv4.find((address) => !isPrivate(address)) ?? ipv4[0] ?? "",
    ipv6_address: ipv6[0]?.split("/")[0] ?? "",
    provider,
    region,
    size,
    image,
    created_at: createdAt,
    managed: server !== undefined,
    ...(server !== undefined && { server }),
  };
}

function statusOf({ power, provisioning, leaving }: ActualServer): string {
  if (leaving !== undefined) return "deleting";
  if (provisioning?.failed) return "failed";
  return provisioning === undefined ? power : "provisioning";
}

const isPrivate = (address: string): boolean => /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address);

/** Replaces of one server that its mark is looked for in. */
const GENERATIONS = 16;

/**
 * Whose machines of an account are, by what the files and the records say: one is known by its id, and before that is recorded by the mark that it
 * was made with.
 */
export function ownersOf(
  { fleet, objects }: Pick<Desired, "fleet" | "objects">,
  { spec: account, identity }: MatchedAccount,
  records: readonly AppliedObject[],
): (actual: Pick<ActualServer, "id" | "mark">) => string | undefined {
  const servers = new Map<string, ServerSpec>();
  for (const { spec } of objects)
    if (spec.kind === "Server" && spec.account === account.name) servers.set(spec.name, spec);
  const byId = new Map<string, string>();
  const marks = new Map<string, string>();
  const own = records.filter((record) => record.kind === "Server" && record.account === identity);
  for (const { cloudId, mark, name } of own) {
    if (!servers.has(name)) continue;
    if (cloudId !== undefined) byId.set(cloudId, name);
    marks.set(mark, name);
  }
  const recorded = new Set(own.map(({ name }) => name));
  for (const { name, formerly } of servers.values()) {
    if (recorded.has(name)) continue;
    for (const identity of [name, ...formerly])
      for (let generation = 0; generation < GENERATIONS; generation++)
        marks.set(ownerMark(fleet.id, "Server", identity, generation), name);
  }
  return ({ id, mark }) => byId.get(id) ?? (mark === undefined ? undefined : marks.get(mark));
}
