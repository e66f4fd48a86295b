import { APPLICATION_OS, APPLICATIONS, METAL_PLANS, PLANS, REGIONS, SCRIPTS, SNAPSHOT_OS, SYSTEMS } from "./catalog.ts";
import { invalid } from "./errors.ts";
import { type Body, readBoolean, readInteger, readString, readStrings, readUserData, requireString } from "./fields.ts";
import type { Source, VultrWorld } from "./world.ts";

const HOST_NAME = /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,251}[a-zA-Z0-9])?$/;

/** What a create of either kind asks for. */
export interface Wanted extends Source {
  region: string;
  plan: string;
  label: string;
  hostname: string;
  tags: string[];
  ipv6: boolean;
  userData: string;
}

/** @throws {VultrError} 400 */
export function readWanted(body: Body, kind: "instance" | "metal", world: VultrWorld): Wanted {
  const region = requireString(body, "region");
  if (!REGIONS.has(region)) throw invalid("Invalid region.");
  const id = requireString(body, "plan");
  const plan = kind === "instance" ? PLANS.get(id) : METAL_PLANS.get(id);
  if (!plan) throw invalid("Invalid plan.");
  if (!plan.locations.includes(region)) throw invalid("Plan is not available in the selected region.");
  for (const key of readStrings(body, "sshkey_id") ?? [])
    if (!world.keys.get(key)) throw invalid("Invalid SSH key ID.");
  checkScript(body);
  for (const field of ["attach_vpc", "attach_vpc2", "attach_private_network"])
    if ((readStrings(body, field) ?? []).length > 0) throw invalid("VPCs are not simulated.");
  if (readString(body, "reserved_ipv4")) throw invalid("Reserved addresses are not simulated.");
  readBoolean(body, "activation_email");
  return {
    ...readSource(body, kind, true, world)!,
    region,
    plan: id,
    label: readString(body, "label") ?? "",
    hostname: readString(body, "hostname", HOST_NAME) || "vultr.guest",
    tags: [...new Set(readStrings(body, "tags") ?? [])],
    ipv6: readBoolean(body, "enable_ipv6") ?? false,
    userData: readUserData(body) ?? "",
  };
}

function checkScript(body: Body): void {
  const script = readString(body, "script_id");
  if (script && !SCRIPTS.some(({ id }) => id === script)) throw invalid("Invalid script ID.");
}

/** The one image that is asked for. @throws {VultrError} 400, also for none where one is needed */
export function readSource(
  body: Body,
  kind: "instance" | "metal",
  isNeeded: boolean,
  world: Pick<VultrWorld, "snapshots">,
): Source | undefined {
  const osId = readInteger(body, "os_id") || undefined;
  const appId = readInteger(body, "app_id") || undefined;
  const imageId = readString(body, "image_id") || undefined;
  const isoId = kind === "instance" ? readString(body, "iso_id") || undefined : undefined;
  const snapshotId = readString(body, "snapshot_id") || undefined;
  const given = [osId, appId, imageId, isoId, snapshotId].filter((value) => value !== undefined);
  if (given.length === 0 && !isNeeded) return undefined;
  if (given.length !== 1) throw invalid("Choose one of os_id, iso_id, snapshot_id, app_id and image_id.");
  if (isoId !== undefined) throw invalid("ISOs are not simulated.");
  if (snapshotId !== undefined) {
    const snapshot = world.snapshots.get(snapshotId);
    if (snapshot?.status !== "complete") throw invalid("Invalid snapshot ID.");
    return { osId: SNAPSHOT_OS, appId: 0, imageId: "", snapshotId };
  }
  if (osId !== undefined) {
    const system = SYSTEMS.get(osId);
    if (!system || ["iso", "snapshot", "backup", "application"].includes(system.family)) throw invalid("Invalid OS.");
    return { osId, appId: 0, imageId: "" };
  }
  const application = APPLICATIONS.find(({ id, imageId: own, type }) =>
    type === "marketplace" ? own === imageId : id === appId,
  );
  if (!application) throw invalid("Invalid application.");
  return { osId: APPLICATION_OS, appId: application.id, imageId: application.imageId };
}
