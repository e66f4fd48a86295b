import type { Catalog } from "../catalog.ts";
import type { Call } from "../cloud.ts";
import { pve } from "./http.ts";
import { accountOptions } from "./schemas.ts";
import { listVms } from "./vms.ts";

const GIB = 1024 ** 3;

/** Nodes as regions and templates as images. A cluster of one's own sells no sizes. */
export async function readCatalog(call: Call, now: () => Date = () => new Date()): Promise<Catalog> {
  const [nodes, vms] = await Promise.all([
    pve<{ node: string; status: string }[]>(call, { method: "GET", path: "/nodes" }),
    listVms(call),
  ]);
  const images = new Map<string, { name: string; title: string; minDiskGiB?: number }>();
  const add = (name: string, title: string, diskBytes: number | undefined) => {
    const diskGiB = Math.max(images.get(name)?.minDiskGiB ?? 0, Math.ceil((diskBytes ?? 0) / GIB));
    images.set(name, { name, title, ...(diskGiB > 0 ? { minDiskGiB: diskGiB } : {}) });
  };
  for (const vm of vms) {
    if (vm.template !== 1) continue;
    if (vm.name) add(vm.name, `Template ${vm.name}`, vm.maxdisk);
    add(String(vm.vmid), `Template ${vm.name ?? vm.vmid} on ${vm.node}`, vm.maxdisk);
  }
  for (const [name, template] of Object.entries(accountOptions(call.account.spec.options).templates ?? {})) {
    const target = vms.find((vm) => vm.template === 1 && (vm.vmid === template || vm.name === template));
    if (target) add(name, `Template ${template}`, target.maxdisk);
  }
  const byName = <T extends { name: string }>(a: T, b: T) => (a.name < b.name ? -1 : 1);
  return {
    sizes: [],
    regions: nodes
      .map(({ node, status }) => ({ name: node, title: `Node ${node}`, available: status === "online" }))
      .sort(byName),
    images: [...images.values()].sort(byName),
    readAt: now().toISOString(),
  };
}
