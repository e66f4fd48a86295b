import type { Cluster, PveNode, Vm } from "./cluster.ts";
import { digestOf, withPending } from "./options.ts";
import { summaryOf } from "./summary.ts";

/** Options that the API answers as numbers; all others are strings. */
const NUMBERS =
  /^(acpi|autostart|balloon|ciupgrade|cores|cpulimit|cpuunits|kvm|numa|onboot|protection|sockets|tablet|template|vcpus)$/;

export function configView(vm: Vm, current: boolean): Record<string, unknown> {
  const view: Record<string, unknown> = {};
  for (const [option, value] of Object.entries(current ? vm.config : withPending(vm))) {
    view[option] = NUMBERS.test(option) ? Number(value) : value;
  }
  return { ...view, digest: digestOf(vm) };
}

/** An entry of `GET /nodes/{node}/qemu`: what runs now. */
export function vmView(vm: Vm, cluster: Cluster): Record<string, unknown> {
  const now = summaryOf(vm, cluster);
  return {
    vmid: vm.vmid,
    name: now.name,
    status: vm.power === "stopped" ? "stopped" : "running",
    cpus: now.maxcpu,
    maxmem: now.maxmemBytes,
    maxdisk: now.maxdiskBytes,
    ...usageView(vm, now.maxmemBytes, cluster),
    ...(vm.pid ? { pid: vm.pid } : {}),
    ...(now.template ? { template: 1 } : {}),
    ...(vm.config.lock ? { lock: vm.config.lock } : {}),
    ...(vm.config.tags ? { tags: vm.config.tags } : {}),
  };
}

export function statusView(vm: Vm, cluster: Cluster): Record<string, unknown> {
  return {
    ...vmView(vm, cluster),
    qmpstatus: vm.power,
    ha: { managed: 0 },
    ...(vm.config.agent ? { agent: 1 } : {}),
    ...(vm.power === "stopped" ? {} : { "running-qemu": "10.1.2", "running-machine": "pc-i440fx-10.1+pve0" }),
  };
}

/**
 * An entry of `GET /cluster/resources`. That the VM exists, its lock and its tags come from the cluster's file system and are fresh; the rest is
 * what the status daemon last told, and nothing at all ("unknown") while it has not yet seen the VM.
 */
export function resourceView(vm: Vm, cluster: Cluster): Record<string, unknown> {
  const seen = vm.listed;
  return {
    id: `qemu/${vm.vmid}`,
    type: "qemu",
    vmid: vm.vmid,
    node: vm.node,
    status: seen?.status ?? "unknown",
    ...(seen && {
      name: seen.name,
      template: seen.template,
      maxcpu: seen.maxcpu,
      maxmem: seen.maxmemBytes,
      maxdisk: seen.maxdiskBytes,
      ...usageView(vm, seen.maxmemBytes, cluster),
    }),
    ...(vm.pool ? { pool: vm.pool } : {}),
    ...(vm.config.lock ? { lock: vm.config.lock } : {}),
    ...(vm.config.tags ? { tags: vm.config.tags } : {}),
  };
}

export function nodeView(node: PveNode, cluster: Cluster): Record<string, unknown> {
  return {
    id: `node/${node.name}`,
    type: "node",
    node: node.name,
    status: "online",
    level: "",
    cpu: 0.02,
    maxcpu: node.cpus,
    mem: usedBytes(node, cluster),
    maxmem: node.memoryBytes,
    disk: 8 * 1024 ** 3,
    maxdisk: 94 * 1024 ** 3,
    uptime: 86_400,
  };
}

export function nodeStatusView(node: PveNode, cluster: Cluster): Record<string, unknown> {
  const used = usedBytes(node, cluster);
  return {
    "boot-info": { mode: "efi", secureboot: 0 },
    cpu: 0.02,
    cpuinfo: { cores: node.cpus / 2, cpus: node.cpus, model: "Simulated CPU", sockets: 1 },
    "current-kernel": { machine: "x86_64", release: "6.17.2-1-pve", sysname: "Linux", version: "#1 SMP" },
    loadavg: ["0.10", "0.08", "0.05"],
    memory: { total: node.memoryBytes, used, free: node.memoryBytes - used, available: node.memoryBytes - used },
    pveversion: "pve-manager/9.1.4/0123456789abcdef",
    rootfs: { total: 94 * 1024 ** 3, used: 8 * 1024 ** 3, free: 86 * 1024 ** 3, avail: 86 * 1024 ** 3 },
    uptime: 86_400,
    wait: 0,
  };
}

export function networkView(node: PveNode): Record<string, unknown>[] {
  const card = { iface: "eno1", type: "eth", active: 1, exists: 1, method: "manual", method6: "manual", priority: 3 };
  const bridges = node.bridges.map((iface, index) => ({
    iface,
    type: "bridge",
    active: 1,
    autostart: 1,
    method: index === 0 ? "static" : "manual",
    method6: "manual",
    families: ["inet"],
    priority: 4 + index,
    bridge_ports: index === 0 ? "eno1" : "",
    bridge_vlan_aware: 1,
    ...(index === 0 ? { address: node.ip, cidr: `${node.ip}/24`, gateway: "192.0.2.1", netmask: "24" } : {}),
  }));
  return [card, ...bridges];
}

function usageView(vm: Vm, maxmemBytes: number, cluster: Cluster): Record<string, number> {
  const running = vm.power !== "stopped";
  const uptime = vm.startedAt === undefined ? 0 : Math.floor((cluster.clock.now() - vm.startedAt) / 1000);
  const none = { netin: 0, netout: 0, diskread: 0, diskwrite: 0, disk: 0 };
  return { ...none, uptime, cpu: running ? 0.01 : 0, mem: running ? Math.floor(maxmemBytes / 4) : 0 };
}

function usedBytes(node: PveNode, cluster: Cluster): number {
  let used = 4 * 1024 ** 3;
  for (const vm of cluster.vms.values()) {
    if (vm.node === node.name && vm.power !== "stopped") used += summaryOf(vm, cluster).maxmemBytes / 4;
  }
  return Math.min(used, node.memoryBytes);
}
