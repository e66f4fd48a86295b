import type { Variety } from "../fill.ts";
import type { Cluster, PveNode, Storage } from "./cluster.ts";
import { GIB } from "./disks.ts";
import { addReady } from "./lifecycle.ts";
import { summaryOf } from "./summary.ts";

const TIB = 1024 * GIB;

export const DEFAULT_PARTS: { nodes: PveNode[]; storages: Storage[]; pools: string[] } = {
  nodes: [
    { name: "pve1", id: 1, ip: "192.0.2.11", cpus: 32, memoryBytes: 256 * GIB, bridges: ["vmbr0", "vmbr1"] },
    { name: "pve2", id: 2, ip: "192.0.2.12", cpus: 32, memoryBytes: 256 * GIB, bridges: ["vmbr0", "vmbr1"] },
  ],
  storages: [
    { storage: "local", type: "dir", content: ["iso", "vztmpl", "backup", "snippets"], totalBytes: TIB },
    { storage: "local-lvm", type: "lvmthin", content: ["images", "rootdir"], totalBytes: 8 * TIB },
  ],
  pools: ["fleet"],
};

/** Disks are local, so each node has templates of its own, by the same names. */
const TEMPLATES = [
  { vmid: 9000, node: "pve1", name: "debian-12", diskGiB: 3 },
  { vmid: 9001, node: "pve1", name: "ubuntu-24.04", diskGiB: 4 },
  { vmid: 9100, node: "pve2", name: "debian-12", diskGiB: 3 },
  { vmid: 9101, node: "pve2", name: "ubuntu-24.04", diskGiB: 4 },
];

/** Machines by hand have no template that one could tell their image by. */
export const VARIETY: Variety = {
  sizes: ["1x1024", "1x2048", "2x2048", "2x4096", "4x8192", "8x16384"].map((size) => ({
    size,
    regions: DEFAULT_PARTS.nodes.map(({ name }) => name),
  })),
  images: [...new Set(TEMPLATES.map(({ name }) => name))],
};

export function seed(cluster: Cluster): void {
  for (const { vmid, node, name, diskGiB } of TEMPLATES) {
    const config = {
      name,
      template: "1",
      agent: "1",
      cores: "1",
      memory: "1024",
      ostype: "l26",
      scsihw: "virtio-scsi-pci",
      serial0: "socket",
      vga: "serial0",
      ipconfig0: "ip=dhcp",
      description: "cloud image with guest agent",
    };
    const vm = addReady(cluster, { vmid, node, storage: "local-lvm", diskGiB, config });
    // The cluster has known them for long: no lag hides them.
    vm.listed = summaryOf(vm, cluster);
  }
}
