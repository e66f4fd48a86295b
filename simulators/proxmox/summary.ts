import type { Cluster, Vm } from "./cluster.ts";
import { disksOf } from "./disks.ts";
import { parseProperties } from "./formats.ts";

/** What the status daemon of a node broadcasts about a VM. */
export interface Summary {
  name: string;
  status: string;
  template: 0 | 1;
  maxcpu: number;
  maxmemBytes: number;
  maxdiskBytes: number;
}

/** A VM as it runs now: options that wait for the next start do not count. */
export function summaryOf(vm: Vm, cluster: Cluster): Summary {
  return {
    name: vm.config.name ?? `VM ${vm.vmid}`,
    status: vm.power,
    template: vm.config.template === "1" ? 1 : 0,
    maxcpu: Math.min(cpusOf(vm.config), cluster.node(vm.node).cpus),
    maxmemBytes: memoryMiBOf(vm.config) * 1024 ** 2,
    maxdiskBytes: bootDiskBytes(vm, cluster),
  };
}

export function cpusOf(config: Readonly<Record<string, string>>): number {
  return Number(config.vcpus ?? Number(config.sockets ?? 1) * Number(config.cores ?? 1));
}

export function memoryMiBOf(config: Readonly<Record<string, string>>): number {
  return Number(parseProperties(config.memory ?? "512", "current").get("current"));
}

function bootDiskBytes(vm: Vm, cluster: Cluster): number {
  const order =
    parseProperties(vm.config.boot ?? "", "order")
      .get("order")
      ?.split(";") ?? [];
  const disks = disksOf(vm.config);
  const boot = order.map((name) => disks.get(name)).find((volid) => volid) ?? [...disks.values()][0];
  return boot ? (cluster.volume(vm.node, boot)?.sizeBytes ?? 0) : 0;
}
