import type { Hono } from "hono";
import { type Clock, routeOf, type ServerPatch, type SimulatedCloud } from "../kit.ts";
import type { SimulatedServer } from "../simulator.ts";
import type { Auth } from "./auth.ts";
import type { Cluster, Vm } from "./cluster.ts";
import { errorBody } from "./http.ts";
import { addReady } from "./lifecycle.ts";
import { startNow, stopNow } from "./power.ts";
import { createApi } from "./routes.ts";
import { VARIETY } from "./seed.ts";
import { cpusOf, memoryMiBOf, summaryOf } from "./summary.ts";

const MARK = /\bfw-[a-z2-7]{20}\b/;

/** The cluster for the kit. Servers are VMs without templates; an id is "NODE/VMID", a size "CORESxMIB" ("2x4096"). */
export class SimulatedProxmox implements SimulatedCloud {
  readonly cloud = "proxmox";
  readonly variety = VARIETY;
  readonly app: Hono;
  readonly clock: Clock;
  readonly #cluster: Cluster;

  constructor(cluster: Cluster, auth: Auth) {
    this.#cluster = cluster;
    this.clock = cluster.clock;
    this.app = createApi(cluster, auth);
  }

  servers(): SimulatedServer[] {
    return [...this.#cluster.vms.values()].filter((vm) => vm.config.template !== "1").map((vm) => serverOf(vm));
  }

  addForeign(server: ServerPatch): SimulatedServer {
    const cluster = this.#cluster;
    const node = cluster.node(server.region ?? "pve1").name;
    const name = server.name ?? "by-hand";
    const config = { name, agent: "1", cores: "1", memory: "1024", ostype: "l26", scsihw: "virtio-scsi-pci" };
    const vm = addReady(cluster, { vmid: cluster.nextId(), node, storage: "local-lvm", diskGiB: 8, config });
    startNow(cluster, vm);
    this.#apply(vm, server);
    // It counts as there for long, so no lag hides it.
    vm.listed = summaryOf(vm, cluster);
    return serverOf(vm);
  }

  change(id: string, patch: ServerPatch): SimulatedServer | undefined {
    const vm = this.#find(id);
    if (!vm) return undefined;
    this.#apply(vm, patch);
    return serverOf(vm);
  }

  remove(id: string): boolean {
    const vm = this.#find(id);
    if (vm) this.#cluster.remove(vm);
    return vm !== undefined;
  }

  errorBody(_status: number, message: string): unknown {
    return errorBody(message);
  }

  routeOf(path: string): string {
    return routeOf(path.replace(/^(\/api2\/json\/nodes)\/[^/]+/, "$1/:node"));
  }

  #find(id: string): Vm | undefined {
    const vm = this.#cluster.vms.get(Number(id.split("/").at(-1)));
    return vm && (id === String(vm.vmid) || id === `${vm.node}/${vm.vmid}`) ? vm : undefined;
  }

  #apply(vm: Vm, patch: ServerPatch): void {
    if (patch.name !== undefined) vm.config.name = patch.name;
    if (patch.tags !== undefined) vm.config.tags = patch.tags.join(";");
    if (patch.region !== undefined && patch.region !== vm.node) this.#move(vm, patch.region);
    if (patch.size !== undefined) {
      const [, cores, memoryMiB] = /^(\d+)x(\d+)$/.exec(patch.size) ?? [];
      if (!cores || !memoryMiB) throw new Error(`size ${patch.size}: CORESxMIB is needed, as 2x4096`);
      vm.config.cores = cores;
      vm.config.memory = memoryMiB;
      vm.config.sockets = "1";
      // In effect at once: what waited for the next start would hide it.
      for (const option of ["cores", "memory", "sockets"]) delete vm.pending[option];
    }
    if (patch.power === "stopped") stopNow(this.#cluster, vm);
    if (patch.power === "running" && vm.power === "stopped") startNow(this.#cluster, vm);
    else if (patch.power === "running") vm.power = "running";
    if (patch.power === "suspended") {
      if (vm.power === "stopped") startNow(this.#cluster, vm);
      vm.power = "paused";
    }
    this.#cluster.touched(vm);
  }

  /** As a migration does: the id stays, the node and the place of the disks change. */
  #move(vm: Vm, region: string): void {
    const target = this.#cluster.node(region).name;
    for (const volume of [...this.#cluster.volumes.values()]) {
      if (volume.vmid !== vm.vmid || volume.node !== vm.node) continue;
      this.#cluster.removeVolume(volume);
      this.#cluster.addVolume({ ...volume, node: target });
    }
    vm.node = target;
  }
}

function serverOf(vm: Vm): SimulatedServer {
  const tags = vm.config.tags ? vm.config.tags.split(";") : [];
  const mark = tags.find((tag) => MARK.test(tag)) ?? MARK.exec(vm.config.description ?? "")?.[0];
  return {
    id: `${vm.node}/${vm.vmid}`,
    name: vm.config.name ?? `VM ${vm.vmid}`,
    tags,
    size: `${cpusOf(vm.config)}x${memoryMiBOf(vm.config)}`,
    region: vm.node,
    power: vm.power === "paused" || vm.config.lock === "suspended" ? "suspended" : vm.power,
    status: vm.config.lock ?? vm.power,
    ...(mark ? { mark } : {}),
  };
}
