import type { AppliedObject } from "../../store/types.ts";
import type { DemoClouds } from "./clouds.ts";

/** One thing that somebody did behind the fleet's back. */
export interface Breakage {
  server: string;
  cloud: string;
  what: string;
  /** Beginning of the field that drift must name; undefined for a machine that is gone. */
  field?: string;
}

/** One on each cloud, so that every way back is gone. */
const PLAN: (Breakage & { act: (clouds: DemoClouds, id: string) => Promise<unknown> })[] = [
  {
    server: "web-1",
    cloud: "linode",
    what: "deleted",
    act: (clouds, id) => clouds.control("linode").remove(id),
  },
  {
    server: "api-1",
    cloud: "digitalocean",
    what: "powered off",
    field: "power",
    act: (clouds, id) => clouds.control("digitalocean").change(id, { power: "stopped" }),
  },
  {
    server: "build-1",
    cloud: "proxmox",
    what: "resized to 4 processors and 8 GiB",
    field: "resources",
    act: (clouds, id) => clouds.control("proxmox").change(id, { size: "4x8192" }),
  },
];

/** Deletes one machine, powers one off and resizes one, each through its cloud's control and not through the fleet. */
export async function breakThings(clouds: DemoClouds, records: AppliedObject[]): Promise<Breakage[]> {
  const done: Breakage[] = [];
  for (const { act, ...breakage } of PLAN) {
    const id = records.find(({ name }) => name === breakage.server)?.cloudId;
    // A server that did not converge cannot be broken; the summary then counts fewer.
    if (id === undefined) continue;
    await act(clouds, id);
    done.push(breakage);
  }
  return done;
}
