import { type Clock, Ids } from "../kit.ts";
import { died } from "./errors.ts";
import type { VmFirewall } from "./firewall.ts";
import { Locks } from "./locks.ts";
import { type Summary, summaryOf } from "./summary.ts";
import { Tasks } from "./tasks.ts";

export interface PveNode {
  name: string;
  id: number;
  ip: string;
  cpus: number;
  memoryBytes: number;
  bridges: readonly string[];
}

export interface Storage {
  storage: string;
  type: "dir" | "lvmthin";
  content: readonly string[];
  totalBytes: number;
}

export interface Volume {
  volid: string;
  node: string;
  vmid: number;
  sizeBytes: number;
}

export interface Vm {
  vmid: number;
  node: string;
  /** Options as the configuration file has them, with `lock` and `template`. */
  config: Record<string, string>;
  /** What applies at the next start; null deletes. */
  pending: Record<string, string | null>;
  power: "stopped" | "running" | "paused";
  pid?: number;
  /** Epoch milliseconds of the start of the running process. */
  startedAt?: number;
  /** Epoch milliseconds from which on the guest's agent answers; absent when no system with an agent is on the disk. */
  agentAt?: number;
  /** Whether a system with the guest agent is installed on its disk. */
  hasGuest: boolean;
  pool?: string;
  firewall?: VmFirewall;
  /** What the status daemon last told the cluster. */
  listed?: Summary;
}

interface Timing {
  /** A full clone; a linked one takes a tenth. */
  cloneMs: number;
  /** From the start of the machine until its guest agent answers. */
  bootMs: number;
  actionMs: number;
  listLagMs: number;
}

/** The cluster proposes no lower one. */
const FIRST_ID = 100;

/** The state of the cluster: machines, volumes, locks and tasks. */
export class Cluster {
  readonly name = "simulated";
  readonly nodes: readonly PveNode[];
  readonly storages: readonly Storage[];
  readonly pools: readonly string[];
  readonly vms = new Map<number, Vm>();
  readonly volumes = new Map<string, Volume>();
  readonly locks: Locks;
  readonly tasks: Tasks;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly ids: Ids;
  /** No id below it is free. */
  #lowestFree = FIRST_ID;

  constructor(
    parts: { nodes: readonly PveNode[]; storages: readonly Storage[]; pools: readonly string[] },
    timing: Timing,
    clock: Clock,
    seed?: number,
  ) {
    this.nodes = parts.nodes;
    this.storages = parts.storages;
    this.pools = parts.pools;
    this.timing = timing;
    this.clock = clock;
    this.ids = new Ids(seed);
    this.locks = new Locks(clock);
    this.tasks = new Tasks(clock);
  }

  /** @throws {PveError} 500 as the proxy that cannot find the node. */
  node(name: string): PveNode {
    const node = this.nodes.find((candidate) => candidate.name === name);
    if (!node) {
      throw died(
        `hostname lookup '${name}' failed - failed to get address info for: ${name}: Name or service not known`,
      );
    }
    return node;
  }

  /** @throws {PveError} 500 when this node has no such VM, also while another node has it. */
  vm(node: string, vmid: number): Vm {
    this.node(node);
    const vm = this.vms.get(vmid);
    if (vm?.node !== node) {
      throw died(`Configuration file 'nodes/${node}/qemu-server/${vmid}.conf' does not exist`);
    }
    return vm;
  }

  /** @throws {PveError} 500 */
  storage(id: string): Storage {
    const storage = this.storages.find((candidate) => candidate.storage === id);
    if (!storage) throw died(`storage '${id}' does not exist`);
    return storage;
  }

  nextId(): number {
    while (this.vms.has(this.#lowestFree)) this.#lowestFree += 1;
    return this.#lowestFree;
  }

  add(vm: Vm): void {
    this.vms.set(vm.vmid, vm);
    this.touched(vm);
  }

  /** Tells the status daemon of a change; the cluster's list shows it after the lag. */
  touched(vm: Vm): void {
    const summary = summaryOf(vm, this);
    if (this.timing.listLagMs === 0) {
      vm.listed = summary;
      return;
    }
    this.clock.after(this.timing.listLagMs, () => {
      vm.listed = summary;
    });
  }

  remove(vm: Vm): void {
    this.vms.delete(vm.vmid);
    if (vm.vmid >= FIRST_ID) this.#lowestFree = Math.min(this.#lowestFree, vm.vmid);
    for (const volume of this.volumes.values()) if (volume.vmid === vm.vmid) this.removeVolume(volume);
  }

  removeVolume(volume: Volume): void {
    this.volumes.delete(key(volume));
  }

  addVolume(volume: Volume): void {
    this.volumes.set(key(volume), volume);
  }

  volume(node: string, volid: string): Volume | undefined {
    return this.volumes.get(`${node}/${volid}`);
  }

  mac(): string {
    const tail = this.ids.hex(6).toUpperCase();
    return `BC:24:11:${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4)}`;
  }
}

// Both nodes have a storage of the same name, with volumes of their own.
function key(volume: Volume): string {
  return `${volume.node}/${volume.volid}`;
}
