import { setTimeout as delay } from "node:timers/promises";
import type { ActualServer } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { pve } from "./http.ts";
import { readServer } from "./machine.ts";
import { markInDescription, markOf, splitTags } from "./marks.ts";
import { idOf, listVms, readConfig, text, type VmPlace, type VmResource } from "./vms.ts";

const PAUSE_MS = 500;

/** Reads one machine, wherever in the cluster it is now; undefined only when no node has its id any more. */
export async function observe(call: Call, place: VmPlace): Promise<ActualServer | undefined> {
  const here = await ifThere(() => readServer(call, place));
  if (here) return here;
  // The node does not have it. It may have moved, so the whole cluster is asked before "gone" is said.
  if (await isFree(call, place.vmid)) return undefined;
  const moved = (await listVms(call)).find((vm) => vm.vmid === place.vmid);
  return moved && ifThere(() => readServer(call, moved));
}

/** Whether no machine or container of the cluster has this id. */
async function isFree(call: Call, vmid: number): Promise<boolean> {
  try {
    await pve(call, { method: "GET", path: "/cluster/nextid", query: { vmid } });
    return true;
  } catch (error) {
    if (error instanceof FleetError && error.code === "CLOUD_REFUSED" && error.at.status === 400) return false;
    throw error;
  }
}

/**
 * Machines with this mark: in their tags, or only in the description yet, because a clone takes no tags. A clone that has just begun shows neither
 * name nor description, so it is waited for; it is never taken for something else.
 *
 * @throws {FleetError} DEADLINE when a clone stays undecided for as long as the call may take
 */
export async function findByMark(call: Call, mark: string, hostname: string): Promise<ActualServer[]> {
  for (;;) {
    const found: VmPlace[] = [];
    const undecided: string[] = [];
    for (const vm of await listVms(call)) {
      if (vm.template === 1) continue;
      const known = markOf(splitTags(vm.tags));
      if (known === mark) found.push(vm);
      if (known !== undefined || !mayBe(vm, hostname)) continue;
      const seen = await look(call, vm);
      if (seen === "undecided") undecided.push(idOf(vm));
      else if (seen === mark) found.push(vm);
    }
    if (found.length > 0 || undecided.length === 0) {
      const servers = await Promise.all(found.map((vm) => ifThere(() => readServer(call, vm))));
      return servers.filter((server) => server !== undefined);
    }
    try {
      await delay(PAUSE_MS, undefined, { signal: call.signal });
    } catch (cause) {
      const machines = undecided.join(", ");
      const message = `Proxmox VE is still making ${machines}, which may be ${hostname}: too early to tell`;
      throw new FleetError("DEADLINE", message, { cloud: "proxmox", account: call.account.spec.name }, { cause });
    }
  }
}

/** By name, or not to be told by name: just begun, or not yet seen by the status daemon. */
function mayBe(vm: VmResource, hostname: string): boolean {
  const unnamed = vm.name === undefined || vm.name === `VM ${vm.vmid}`;
  return vm.name === hostname || unnamed || vm.lock === "clone" || vm.lock === "create";
}

async function look(call: Call, vm: VmResource): Promise<string | "undecided" | undefined> {
  const config = await ifThere(() => readConfig(call, vm));
  if (!config) return undefined;
  const mark = markOf(splitTags(text(config.tags))) ?? markInDescription(text(config.description));
  if (mark !== undefined) return mark;
  const begun = (config.lock === "clone" || config.lock === "create") && config.name === undefined;
  return begun ? "undecided" : undefined;
}

async function ifThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof FleetError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
