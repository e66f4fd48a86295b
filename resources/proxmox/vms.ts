import type { ActualServer } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { pve } from "./http.ts";
import { markOf, splitTags } from "./marks.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** An entry of `GET /cluster/resources?type=vm`. A machine that the status daemon has not seen yet has little more than its id. */
export interface VmResource {
  vmid: number;
  node: string;
  type: string;
  status?: string;
  name?: string;
  template?: number;
  lock?: string;
  tags?: string;
  pool?: string;
  maxcpu?: number;
  maxmem?: number;
  maxdisk?: number;
}

interface VmStatus {
  status: string;
  qmpstatus?: string;
  lock?: string;
  maxdisk?: number;
}

/** Options of a machine, with those that wait for its next start. */
export type VmConfig = Readonly<Record<string, string | number | undefined>> & { digest?: string };

export interface VmPlace {
  node: string;
  vmid: number;
}

/** Ids are `NODE/VMID`. @throws {FleetError} FLEET_INVALID */
export function parseId(id: string): VmPlace {
  const match = /^([A-Za-z0-9][A-Za-z0-9-]*)\/([1-9]\d{2,8})$/.exec(id);
  if (!match) {
    throw new FleetError(
      "FLEET_INVALID",
      `"${id}" is no id of a Proxmox VE machine: these are NODE/VMID, as pve1/101`,
      {
        cloud: "proxmox",
        server: id,
      },
    );
  }
  return { node: match[1]!, vmid: Number(match[2]) };
}

export function idOf({ node, vmid }: VmPlace): string {
  return `${node}/${vmid}`;
}

export function vmPath({ node, vmid }: VmPlace): string {
  return `/nodes/${encodeURIComponent(node)}/qemu/${vmid}`;
}

/** All virtual machines and templates of the cluster, containers left out. @throws {FleetError} CLOUD_ANSWER_INVALID */
export async function listVms(call: Call): Promise<VmResource[]> {
  const data = await pve<unknown>(call, { method: "GET", path: "/cluster/resources", query: { type: "vm" } });
  if (!Array.isArray(data) || !data.every(isResource)) {
    throw new FleetError("CLOUD_ANSWER_INVALID", "Proxmox VE answered with no list of machines", {
      cloud: "proxmox",
      account: call.account.spec.name,
    });
  }
  return data.filter((vm) => vm.type === "qemu");
}

function isResource(value: unknown): value is VmResource {
  const { vmid, node, type } = (value ?? {}) as Partial<VmResource>;
  return typeof vmid === "number" && typeof node === "string" && typeof type === "string";
}

/** @throws {FleetError} NOT_FOUND, CLOUD_ANSWER_INVALID */
export function readConfig(call: Call, place: VmPlace): Promise<VmConfig> {
  return readObject<VmConfig>(call, `${vmPath(place)}/config`);
}

/** @throws {FleetError} NOT_FOUND, CLOUD_ANSWER_INVALID */
export function readStatus(call: Call, place: VmPlace): Promise<VmStatus> {
  return readObject<VmStatus>(call, `${vmPath(place)}/status/current`);
}

async function readObject<T extends object>(call: Call, path: string): Promise<T> {
  const data = await pve<T | null>(call, { method: "GET", path });
  if (typeof data === "object" && data !== null && !Array.isArray(data)) return data;
  throw new FleetError("CLOUD_ANSWER_INVALID", `Proxmox VE answered GET ${path} with nothing`, {
    cloud: "proxmox",
    account: call.account.spec.name,
  });
}

/** A machine of the list. Its addresses are known only to the guest agent, and its status lags by up to some ten seconds. */
export function listedServer(vm: VmResource): ActualServer {
  const tags = splitTags(vm.tags);
  const mark = markOf(tags);
  return {
    id: idOf(vm),
    name: vm.name ?? `VM ${vm.vmid}`,
    ...(mark ? { mark } : {}),
    power: powerOf(vm.status, vm.lock),
    status: vm.lock ? `${vm.status ?? "unknown"} (${vm.lock})` : (vm.status ?? "unknown"),
    region: vm.node,
    ipv4: [],
    ipv6: [],
    ...(vm.maxcpu ? { vcpus: vm.maxcpu } : {}),
    ...(vm.maxmem ? { memoryMiB: Math.round(vm.maxmem / MIB) } : {}),
    ...(vm.maxdisk ? { diskGiB: Math.round(vm.maxdisk / GIB) } : {}),
    tags,
  };
}

export function vcpusOf(config: VmConfig): number {
  return Number(config.vcpus ?? Number(config.sockets ?? 1) * Number(config.cores ?? 1));
}

export function memoryMiBOf(config: VmConfig): number {
  return Number(/^(?:current=)?(\d+)/.exec(text(config.memory) ?? "")?.[1] ?? 512);
}

export function powerOf(status: string | undefined, lock: string | undefined): ActualServer["power"] {
  if (lock === "suspended") return "suspended";
  // A backup or a snapshot of a machine leaves its state as it is; the others make, move or unmake it.
  if (lock && lock !== "backup" && lock !== "snapshot" && lock !== "snapshot-delete") return "changing";
  switch (status) {
    case "running":
      return "running";
    case "stopped":
      return "stopped";
    case "paused":
    case "suspended":
      return "suspended";
    default:
      return "changing";
  }
}

export function text(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
