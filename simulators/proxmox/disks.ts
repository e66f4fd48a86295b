import type { Cluster, Vm } from "./cluster.ts";
import { badParameters, died } from "./errors.ts";
import { parseProperties, printProperties } from "./formats.ts";

export const GIB = 1024 ** 3;

export const DISK_OPTION = /^(ide|sata|scsi|virtio)\d+$/;

/** Volume ids by option, without CD-ROMs and cloud-init drives. */
export function disksOf(config: Readonly<Record<string, string>>): Map<string, string> {
  const disks = new Map<string, string>();
  for (const [option, value] of Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!DISK_OPTION.test(option)) continue;
    const fields = parseProperties(value, "file");
    if (fields.get("media") !== "cdrom") disks.set(option, fields.get("file") ?? "");
  }
  return disks;
}

/** "10G", "512M", "1048576" in bytes. */
export function bytesOf(size: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT])?$/.exec(size);
  if (!match) throw died("internal error");
  const powers = { K: 1, M: 2, G: 3, T: 4 } as const;
  const power = match[2] ? powers[match[2] as keyof typeof powers] : 0;
  return Math.floor(Number(match[1]) * 1024 ** power);
}

export function printSize(bytes: number): string {
  if (bytes % GIB === 0) return `${bytes / GIB}G`;
  if (bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}M`;
  return bytes % 1024 === 0 ? `${bytes / 1024}K` : String(bytes);
}

/**
 * Makes what a drive option asks for: "local-lvm:10" a new disk of 10 GiB, "local-lvm:cloudinit" a cloud-init drive. Existing volumes stay.
 * Returns the option as the configuration keeps it.
 */
export function allocate(cluster: Cluster, vm: Vm, option: string, value: string): string {
  const fields = parseProperties(value, "file");
  const file = fields.get("file") ?? "";
  if (file === "none" || fields.get("media") === "cdrom") return value;
  const match = /^([^:]+):(.+)$/.exec(file);
  if (!match)
    throw badParameters({
      [option]: `invalid format - format error\nfile: invalid format - unable to parse volume ID '${file}'`,
    });
  const [, storageId = "", name = ""] = match;
  const storage = cluster.storage(storageId);
  if (!storage.content.includes("images")) throw died(`storage '${storageId}' does not support content-type 'images'`);
  if (name === "cloudinit") return `${storageId}:vm-${vm.vmid}-cloudinit,media=cdrom,size=4M`;
  if (/^\d+(\.\d+)?$/.test(name)) {
    const volid = newVolume(cluster, vm, storageId, Number(name) * GIB);
    fields.delete("file");
    fields.set("size", printSize(Number(name) * GIB));
    return `${volid},${printProperties(fields)}`;
  }
  const volume = cluster.volume(vm.node, file);
  if (!volume) throw died(`volume '${file}' does not exist`);
  return value;
}

/** A volume under the VM's next free name. Thin clones on LVM have plain names too and do not hold their template back. */
export function newVolume(cluster: Cluster, vm: Vm, storage: string, sizeBytes: number): string {
  const prefix = vm.config.template === "1" ? "base" : "vm";
  for (let n = 0; ; n++) {
    const volid = `${storage}:${prefix}-${vm.vmid}-disk-${n}`;
    if (cluster.volume(vm.node, volid)) continue;
    cluster.addVolume({ volid, node: vm.node, vmid: vm.vmid, sizeBytes });
    return volid;
  }
}
