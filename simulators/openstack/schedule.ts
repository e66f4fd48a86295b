import type { Flavor, Host, SimServer, World } from "./world.ts";

/** A host in the zone that is up and has room, the emptiest first; undefined when no host is valid. */
export function schedule(world: World, flavor: Flavor, zone: string | undefined, except?: SimServer): Host | undefined {
  const used = usage(world, except);
  return [...world.hosts.values()]
    .filter((host) => host.up && !host.disabled && (zone === undefined || world.zoneOf(host.name) === zone))
    .filter((host) => fits(host, flavor, used.get(host.name)))
    .sort((a, b) => (used.get(a.name)?.memoryMiB ?? 0) - (used.get(b.name)?.memoryMiB ?? 0))[0];
}

export interface Usage {
  vcpus: number;
  memoryMiB: number;
  diskGiB: number;
  gpus: Record<string, number>;
  servers: number;
}

export function usage(world: World, except?: SimServer): Map<string, Usage> {
  const used = new Map<string, Usage>();
  for (const server of world.servers.values()) {
    if (server.host === undefined || server === except) continue;
    const sum = used.get(server.host) ?? { vcpus: 0, memoryMiB: 0, diskGiB: 0, gpus: {}, servers: 0 };
    const { flavor } = server;
    sum.vcpus += flavor.vcpus;
    sum.memoryMiB += flavor.ram;
    sum.diskGiB += flavor.disk;
    sum.servers += 1;
    for (const [alias, count] of gpusOf(flavor)) sum.gpus[alias] = (sum.gpus[alias] ?? 0) + count;
    used.set(server.host, sum);
  }
  return used;
}

/** Processors may be promised sixteen times over, as nova does; memory and devices once. */
function fits(host: Host, flavor: Flavor, used: Usage | undefined): boolean {
  const gpus = gpusOf(flavor);
  const graphic = Object.keys(host.gpus).length > 0;
  if (graphic !== gpus.length > 0) return false;
  return (
    (used?.vcpus ?? 0) + flavor.vcpus <= host.vcpus * 16 &&
    (used?.memoryMiB ?? 0) + flavor.ram <= host.memoryMiB &&
    gpus.every(([alias, count]) => (used?.gpus[alias] ?? 0) + count <= (host.gpus[alias] ?? 0))
  );
}

/** Devices by alias: `pci_passthrough:alias` names them, and virtual ones are all of one kind. */
function gpusOf({ extraSpecs }: Flavor): [string, number][] {
  const aliases = (extraSpecs["pci_passthrough:alias"] ?? "").split(",").filter((alias) => alias !== "");
  const found = aliases.map((alias): [string, number] => {
    const [name = "", count = "1"] = alias.split(":");
    return [name, Number(count)];
  });
  const virtual = Number(extraSpecs["resources:VGPU"] ?? 0);
  return virtual > 0 ? [...found, ["VGPU", virtual]] : found;
}
