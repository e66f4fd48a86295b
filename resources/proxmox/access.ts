import type { Access, Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { pve } from "./http.ts";

/** What making, changing and removing machines takes, each somewhere; pools, bridges and guest agents take more where they are used. */
const NEEDED = [
  "VM.Audit",
  "VM.Clone",
  "VM.Allocate",
  "VM.PowerMgmt",
  "VM.Config.CPU",
  "VM.Config.Memory",
  "VM.Config.Disk",
  "VM.Config.Network",
  "VM.Config.Options",
  "VM.Config.Cloudinit",
  "Datastore.AllocateSpace",
  "Datastore.Audit",
  "Sys.Audit",
];

/** The privileges of the user or token, and where it has them. @see https://pve.proxmox.com/pve-docs/api-viewer/#/access/permissions */
export async function readAccess(call: Call): Promise<Access> {
  const tree = await pve<unknown>(call, { method: "GET", path: "/access/permissions" });
  if (typeof tree !== "object" || tree === null || Array.isArray(tree))
    throw new FleetError("CLOUD_ANSWER_INVALID", "Proxmox VE answered GET /access/permissions wrongly: it is no tree", {
      account: call.account.spec.name,
    });
  const places = Object.entries(tree as Record<string, Record<string, unknown>>);
  const held = new Set(places.flatMap(([, privileges]) => Object.keys(privileges ?? {})));
  const lacks = NEEDED.filter((privilege) => !held.has(privilege));
  const may = places.map(
    ([path, privileges]) =>
      `${Object.keys(privileges ?? {})
        .sort()
        .join(" ")} on ${path}`,
  );
  return { may: may.sort(), ...(lacks.length > 0 && { lacks }) };
}
