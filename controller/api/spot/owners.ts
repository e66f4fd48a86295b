import type { Call } from "../../../resources/cloud.ts";
import { devicesNamed, type NetboxDevice, tenantsById } from "../../../resources/netbox/index.ts";
import type { NetboxSpec } from "../../../resources/spec.ts";
import type { Controller } from "../../reconcile/context.ts";

/** Whose a host is, by NetBox. Empty texts where it does not say. */
export interface HostOwner {
  /** Slug of the tenant. */
  tenant: string;
  /** Name of the tenant's group. */
  group: string;
  /** GPUs that its device was noted to have, in a field of its own. */
  gpus?: number;
}

const NOBODY: HostOwner = { tenant: "", group: "" };
/** As documented. */
const KEPT_MS = 5 * 60_000;
const MOST_KEPT = 20_000;
/** Custom field of a device. */
const GPU_FIELD = "gpu_count";

/** Owners of hosts, each asked for at most every five minutes, by two look-ups for all that are not known. */
export class HostOwners {
  readonly #controller: Pick<Controller, "netbox" | "steady">;
  readonly #known = new Map<string, { at: number; owner: HostOwner }>();

  constructor(controller: Pick<Controller, "netbox" | "steady">) {
    this.#controller = controller;
  }

  /**
   * Of each host, in order. Nobody's where the fleet names no NetBox.
   * @throws {FleetError} CREDENTIAL_MISSING, CLOUD_AUTH, CLOUD_UNAVAILABLE and others of NetBox
   */
  async of(hosts: readonly string[], spec: NetboxSpec | undefined, signal: AbortSignal): Promise<HostOwner[]> {
    if (spec === undefined) return hosts.map(() => NOBODY);
    const account = this.#controller.netbox(spec);
    const now = this.#controller.steady();
    const keyOf = (host: string) => `${account.endpoint} ${host}`;
    const isKnown = (host: string) => now - (this.#known.get(keyOf(host))?.at ?? Number.NEGATIVE_INFINITY) < KEPT_MS;
    const asked = [...new Set(hosts)].filter((host) => !isKnown(host));
    if (asked.length > 0) {
      const owners = await readOwners(asked, { account, signal, priority: "person" });
      for (const host of asked) {
        this.#known.delete(keyOf(host));
        this.#known.set(keyOf(host), { at: now, owner: owners.get(host) ?? NOBODY });
      }
    }
    const answer = hosts.map((host) => this.#known.get(keyOf(host))?.owner ?? NOBODY);
    for (const key of this.#known.keys()) {
      if (this.#known.size <= MOST_KEPT) break;
      this.#known.delete(key);
    }
    return answer;
  }
}

async function readOwners(hosts: readonly string[], call: Call): Promise<ReadonlyMap<string, HostOwner>> {
  const devices = await devicesNamed(hosts, call);
  const tenants = await tenantsById(
    devices.flatMap(({ tenant }) => tenant ?? []),
    call,
  );
  const byId = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  const owners = new Map<string, HostOwner>();
  // Of several of one name an active one is meant, and the last one read wins.
  for (const device of devices.toSorted((a, b) => Number(isActive(a)) - Number(isActive(b)) || b.id - a.id)) {
    const { slug = "", group = "" } = byId.get(device.tenant ?? 0) ?? {};
    const gpus = Number(device.customFields[GPU_FIELD] ?? Number.NaN);
    owners.set(device.name, { tenant: slug, group, ...(Number.isInteger(gpus) && gpus >= 0 && { gpus }) });
  }
  return owners;
}

const isActive = ({ status }: NetboxDevice): boolean => status === "active";
