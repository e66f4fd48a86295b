import type { NetboxWorld } from "../../../../simulators/netbox/world.ts";
import { addAggregate, OTHER_PROJECT, PROJECT, plainServer } from "../../../../simulators/openstack/seed.ts";
import type { Flavor, World } from "../../../../simulators/openstack/world.ts";

/** Hosts of L40 by class, with eight GPUs each that Placement tells, unless said otherwise. */
const HOSTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "gpu-host-001": { L40: 8 },
  "gpu-host-002": { L40: 8 },
  "gpu-host-003": { L40: 8 },
  "gpu-host-004": { L40: 8 },
  // By the metadata of its aggregate.
  "gpu-host-005": {},
  // By NetBox.
  "gpu-host-006": {},
  "gpu-host-007": { RTX_A6000: 4 },
  "gpu-host-008": { RTX_A6000: 4 },
  // In no aggregate.
  "gpu-host-009": { L40: 8 },
};

/** The documented GPU types in all classes, with hosts that have machines, that have none, and that are in no aggregate. */
export function gpuWorld(world: World): void {
  const { ids } = world;
  for (const [name, gpus] of Object.entries(HOSTS))
    world.hosts.set(name, {
      id: ids.uuid(),
      name,
      vcpus: 128,
      memoryMiB: 2_097_152,
      diskGiB: 50_000,
      gpus,
      up: name !== "gpu-host-003",
      ...(name === "gpu-host-005" && { disabled: true }),
    });
  addAggregate(world, "L40-n3", { hosts: ["gpu-host-001", "gpu-host-002"], metadata: { note: "by hand" } });
  addAggregate(world, "L40-n3-NVLink", { hosts: ["gpu-host-003"] });
  addAggregate(world, "L40-n3-spot", { hosts: ["gpu-host-004"] });
  addAggregate(world, "L40-n3-runpod", { hosts: ["gpu-host-005"], metadata: { gpus_per_host: "10" } });
  addAggregate(world, "Contract-L40-Customer1", { hosts: ["gpu-host-006"] });
  addAggregate(world, "RTX-A6000-n3", { hosts: ["gpu-host-007"] });
  addAggregate(world, "Contract-RTX-A6000-Big-Co", { hosts: ["gpu-host-008"] });
  // Its name says nothing: the file that has it does.
  addAggregate(world, "lab", {});

  const flavor = (name: string, extraSpecs: Record<string, string> = {}): Flavor => {
    const one = { id: ids.uuid(), name, vcpus: 16, ram: 131_072, disk: 200, extraSpecs };
    world.flavors.set(one.id, one);
    return one;
  };
  const whole = flavor("n3-L40-8");
  const part = flavor("gpu.small", { "pci_passthrough:alias": "L40:1" });
  addServer(world, "instance-001", "gpu-host-001", whole);
  addServer(world, "instance-002", "gpu-host-004", part);
  addServer(world, "instance-003", "gpu-host-004", part);
}

function addServer(world: World, name: string, host: string, flavor: Flavor): void {
  const project = name === "instance-001" ? OTHER_PROJECT.id : PROJECT.id;
  world.servers.add(plainServer(world, { name, host, flavor, project }, Date.UTC(2024, 0, 15, 10, 30)));
}

export const NETBOX_WORLD: NetboxWorld = {
  groups: [
    { id: 1, name: "Nexgen Cloud", slug: "nexgen" },
    { id: 2, name: "Investors", slug: "investors" },
  ],
  tenants: [
    { id: 11, name: "Nexgen Cloud", slug: "nexgen-cloud", group: 1 },
    { id: 12, name: "Customer 1", slug: "customer1", group: 2 },
    { id: 13, name: "Alone", slug: "alone" },
  ],
  devices: [
    { id: 101, name: "gpu-host-001", tenant: 11 },
    { id: 102, name: "gpu-host-002", tenant: 13 },
    // Of two of one name the active one is meant.
    { id: 104, name: "gpu-host-004", tenant: 11 },
    { id: 99, name: "gpu-host-004", tenant: 12, status: "offline" },
    { id: 105, name: "gpu-host-005" },
    { id: 106, name: "gpu-host-006", tenant: 12, customFields: { gpu_count: 6 } },
  ],
};
