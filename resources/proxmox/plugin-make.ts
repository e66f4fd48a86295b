import type { Call, Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { Journal, JournalEntry } from "../journal.ts";
import { Turns } from "../plugin/turns.ts";
import type { ServerSpec } from "../spec.ts";
import { isVmidTaken, pve } from "./http.ts";
import { markInDescription, splitTags } from "./marks.ts";
import { bootDisk, cloneOptions, type Machine, newOptions } from "./plugin-options.ts";
import { runTask } from "./tasks.ts";
import {
  idOf,
  listVms,
  parseId,
  readConfig,
  text,
  type VmConfig,
  type VmPlace,
  type VmResource,
  vmPath,
} from "./vms.ts";

export interface Making {
  machine: Machine;
  call: Call;
  cloud: Pick<Cloud, "findByMark">;
  journal: Journal;
  /** Epoch in milliseconds. */
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  log(message: string): void;
}

const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;

/** Clones of one template wait for each other: each holds the template's lock, and Proxmox VE gives up waiting for it after seconds. */
const templates = new Turns();
/** Ids handed out and not yet in the cluster's list, by cluster: two that ask at the same time would get the same one. */
const reserved = new Map<string, Set<number>>();

/**
 * Makes the machine, or finds what an earlier attempt has made: exactly one carries the mark afterwards.
 * @throws {FleetError} VERIFY_FAILED when several do; FLEET_INVALID, CLOUD_REFUSED and the like when nothing can be made.
 */
export async function makeOnce(making: Making): Promise<VmPlace> {
  const { machine, call, journal } = making;
  const account = call.account.spec.name;
  const earlier = await journal.begin({ account, kind: "Server", key: machine.mark });
  const place = (earlier && (await findEarlier(making, earlier))) ?? (await makeNew(making));
  // The intent without its answer only makes the next create look first.
  await journal.answered(account, machine.mark, idOf(place)).catch((error) => making.log(String(error)));
  return place;
}

/** Looks for what an earlier attempt has made, until as long after it as a late one may take to show; at least twice, as a list may lack an item. */
async function findEarlier(making: Making, earlier: JournalEntry): Promise<VmPlace | undefined> {
  const { machine, call, sleep } = making;
  const settledAt = Date.parse(earlier.attemptedAt) + call.account.spec.deadlines.settleSeconds * 1000;
  // The search goes by the mark, and by the host name where the mark cannot be seen yet.
  const server = { hostname: machine.name } as ServerSpec;
  for (let looks = 1; ; looks++) {
    const found = await making.cloud.findByMark(machine.mark, server, call);
    if (found.length > 1) {
      const ids = found.map(({ id }) => id).join(", ");
      throw new FleetError("VERIFY_FAILED", `several machines carry the mark ${machine.mark}: ${ids}`, { ids });
    }
    if (found[0]) {
      making.log(`takes up ${found[0].id}, which an earlier attempt has made`);
      const place = parseId(found[0].id);
      return (await standing(making, place)) === "ours" ? place : undefined;
    }
    if (looks >= 2 && making.now() >= settledAt) return undefined;
    await sleep(PAUSE_MS, call.signal);
  }
}

async function makeNew(making: Making): Promise<VmPlace> {
  const { machine, call, journal } = making;
  // Once an attempt may have had an effect, only a look can tell, so the intent stays.
  const sent = { inDoubt: false };
  try {
    const source = machine.template === undefined ? undefined : await findTemplate(call, machine, machine.template);
    for (;;) {
      const { vmid, release } = await reserveId(call);
      try {
        const place = { node: machine.node, vmid };
        if (await attempt(making, source, place, sent)) return place;
      } finally {
        release();
      }
    }
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    const account = call.account.spec.name;
    if (REFUSALS.has(error.code) && !sent.inDoubt) await journal.refused(account, machine.mark);
    await journal.explain?.(account, machine.mark, { code: error.code, message: error.message });
    throw error;
  }
}

const REFUSALS = new Set(["CLOUD_REFUSED", "CLOUD_AUTH", "CLOUD_OUT_OF_STOCK", "FLEET_INVALID", "NOT_FOUND"]);
const PASSING = new Set(["CLOUD_UNAVAILABLE", "CLOUD_ANSWER_INVALID", "CLOUD_RATE_LIMITED"]);

/**
 * Makes the machine under this id; false when somebody else has the id. It is repeated under the same id, so an attempt that was thought lost and
 * one that was thought new cannot both succeed.
 */
async function attempt(
  making: Making,
  source: VmResource | undefined,
  place: VmPlace,
  sent: { inDoubt: boolean },
): Promise<boolean> {
  const { machine, call } = making;
  const { endpoint } = call.account;
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      if (!source) {
        const path = `/nodes/${encodeURIComponent(machine.node)}/qemu`;
        await runTask(call, place.node, { method: "POST", path, form: newOptions(machine, place.vmid) });
      } else {
        const form = cloneOptions(machine, place.vmid, source.node);
        const asked = { method: "POST", path: `${vmPath(source)}/clone`, form } as const;
        const key = `the template ${endpoint} ${idOf(source)}`;
        await templates.take(key, call.signal, () => runTask(call, source.node, asked));
      }
      return true;
    } catch (error) {
      if (call.signal.aborted || !(error instanceof FleetError)) throw error;
      const passing = PASSING.has(error.code);
      if (!passing && !isVmidTaken(error)) throw error;
      sent.inDoubt ||= passing;
      const stands = await standing(making, place);
      if (stands === "ours") return true;
      if (stands === "another" || isVmidTaken(error)) return false;
      making.log(`tries again: ${error.message}`);
      await making.sleep(pauseMs, call.signal);
    }
  }
}

/** What there is under an id, once it is no longer being made. */
async function standing(making: Making, place: VmPlace): Promise<"ours" | "another" | "nothing"> {
  const { call, machine, sleep } = making;
  for (;;) {
    const config = await readConfigOrNothing(call, place);
    if (config === "nothing") return "nothing";
    const begun = config === "unreachable" || config.lock === "clone" || config.lock === "create";
    if (!begun) return carries(config, machine.mark) ? "ours" : "another";
    await sleep(PAUSE_MS, call.signal);
  }
}

async function readConfigOrNothing(call: Call, place: VmPlace): Promise<VmConfig | "nothing" | "unreachable"> {
  try {
    return await readConfig(call, place);
  } catch (error) {
    if (!(error instanceof FleetError) || call.signal.aborted) throw error;
    if (error.code === "NOT_FOUND") return "nothing";
    if (PASSING.has(error.code)) return "unreachable";
    throw error;
  }
}

/** Whether this machine is ours by this mark, in its tags or still only in its description. */
export function carries(config: VmConfig, mark: string): boolean {
  return splitTags(text(config.tags)).includes(mark) || markInDescription(text(config.description)) === mark;
}

async function reserveId(call: Call): Promise<{ vmid: number; release(): void }> {
  const { endpoint } = call.account;
  const taken = reserved.get(endpoint) ?? new Set<number>();
  reserved.set(endpoint, taken);
  let vmid = Number(await pve<string | number>(call, { method: "GET", path: "/cluster/nextid" }));
  if (!Number.isSafeInteger(vmid) || vmid < 100) {
    throw new FleetError("CLOUD_ANSWER_INVALID", "Proxmox VE did not tell a free VM id", { cloud: "proxmox" });
  }
  // The cluster tells the lowest free id; past those handed out here, each has to be asked for.
  for (const first = vmid; ; vmid++) {
    if (taken.has(vmid)) continue;
    taken.add(vmid);
    const release = () => void taken.delete(vmid);
    try {
      if (vmid === first || (await isFree(call, vmid))) return { vmid, release };
    } catch (error) {
      release();
      throw error;
    }
    release();
  }
}

async function isFree(call: Call, vmid: number): Promise<boolean> {
  try {
    await pve(call, { method: "GET", path: "/cluster/nextid", query: { vmid } });
    return true;
  } catch (error) {
    if (error instanceof FleetError && error.code === "CLOUD_REFUSED" && error.at.status === 400) return false;
    throw error;
  }
}

/** @throws {FleetError} FLEET_INVALID when there is none of this name or id, or when its disk is larger than the one declared */
async function findTemplate(call: Call, machine: Machine, wanted: string): Promise<VmResource> {
  const all = (await listVms(call)).filter((vm) => vm.template === 1);
  const fitting = all.filter((vm) => String(vm.vmid) === wanted || vm.name === wanted);
  const source = fitting.find((vm) => vm.node === machine.node) ?? fitting[0];
  const at = { cloud: "proxmox", account: call.account.spec.name };
  if (!source) {
    const here = all.filter((vm) => vm.node === machine.node).map((vm) => `${vm.name} (${vm.vmid})`);
    const there = here.length > 0 ? `there are ${here.join(", ")}` : "there is none at all";
    throw new FleetError("FLEET_INVALID", `template: no ${wanted} on ${machine.node}; ${there}`, at);
  }
  const disk = bootDisk(await readConfig(call, source));
  if (disk && machine.diskGiB !== undefined && machine.diskGiB < disk.sizeGiB) {
    const message = `diskGiB: the disk of template ${wanted} has ${disk.sizeGiB} GiB already, and disks only grow`;
    throw new FleetError("FLEET_INVALID", message, at);
  }
  return source;
}
