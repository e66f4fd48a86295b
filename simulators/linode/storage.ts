import { IMAGES, TYPES } from "./catalog.ts";
import type { BootConfig, Disk, Linode, LinodeWorld } from "./world.ts";

const SLOTS = ["sda", "sdb", "sdc", "sdd", "sde", "sdf", "sdg", "sdh"] as const;

/** A root disk that fills the plan, and swap. */
export function makeDisks(world: LinodeWorld, linode: Linode, swapSizeMb: number): Disk[] {
  const total = TYPES.get(linode.type)?.disk ?? 0;
  const disk = (label: string, filesystem: Disk["filesystem"], size: number): Disk => ({
    id: world.ids.integer(),
    label,
    filesystem,
    size,
    createdMs: linode.createdMs,
    updatedMs: linode.createdMs,
  });
  const root = disk(`${labelOf(linode)} Disk`, "ext4", total - swapSizeMb);
  return swapSizeMb > 0 ? [root, disk("Swap Image", "swap", swapSizeMb)] : [root];
}

/** The configuration profile that a Linode made from an image boots. */
export function makeConfig(world: LinodeWorld, linode: Linode, disks: readonly Disk[]): BootConfig {
  return {
    id: world.ids.integer(),
    label: `My ${labelOf(linode)} Profile`,
    comments: "",
    kernel: "linode/grub2",
    memory_limit: 0,
    root_device: "/dev/sda",
    run_level: "default",
    virt_mode: "paravirt",
    devices: Object.fromEntries(disks.map((disk, index) => [SLOTS[index], { disk_id: disk.id }])),
    helpers: { updatedb_disabled: true, distro: true, modules_dep: true, network: true, devtmpfs_automount: true },
  };
}

export const isSlot = (slot: string): boolean => (SLOTS as readonly string[]).includes(slot);

function labelOf(linode: Linode): string {
  return IMAGES.get(linode.image ?? "")?.label ?? "Linode";
}
