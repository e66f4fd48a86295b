import type { Cluster, Vm } from "./cluster.ts";
import { allocate, bytesOf, DISK_OPTION, disksOf, GIB, printSize } from "./disks.ts";
import { died } from "./errors.ts";
import { parseProperties, printProperties } from "./formats.ts";
import { checkLock, digestOf, normalized } from "./options.ts";
import type { Parameters } from "./parameters.ts";
import { startNow } from "./power.ts";

/** `POST /nodes/{node}/qemu`: a VM without a system on its disk. */
export function create(cluster: Cluster, user: string, node: string, given: Parameters): string {
  cluster.node(node);
  const vmid = Number(given.vmid);
  const { vmid: _vmid, pool, start, storage: _storage, ...options } = given;
  if (pool !== undefined && !cluster.pools.includes(pool)) throw died(`pool '${pool}' does not exist`);
  const taken = cluster.vms.get(vmid);
  if (taken) throw died(`unable to create VM ${vmid} - VM ${vmid} already exists on node '${taken.node}'`);
  const config = normalized(cluster, options);
  return cluster.tasks.start(node, "qmcreate", String(vmid), user, (worker) =>
    cluster.locks.hold(vmid, cluster.timing.actionMs, false, async () => {
      const vm: Vm = { vmid, node, config: { lock: "create" }, pending: {}, power: "stopped", hasGuest: false };
      cluster.add(vm);
      try {
        await worker.sleep(cluster.timing.actionMs);
        for (const [option, value] of Object.entries(config)) {
          if (DISK_OPTION.test(option)) config[option] = allocate(cluster, vm, option, value);
        }
      } catch (error) {
        cluster.remove(vm);
        throw died(`unable to create VM ${vmid} - ${(error as Error).message}`);
      }
      const seconds = Math.floor(cluster.clock.now() / 1000);
      vm.config = { meta: `creation-qemu=10.1.2,ctime=${seconds}`, smbios1: `uuid=${cluster.ids.uuid()}`, ...config };
      if (pool !== undefined) vm.pool = pool;
      cluster.touched(vm);
      if (start === "1") startNow(cluster, vm);
    }),
  );
}

/** `DELETE /nodes/{node}/qemu/{vmid}`. */
export function destroy(cluster: Cluster, user: string, node: string, vmid: number, given: Parameters): string {
  const check = () => {
    const vm = cluster.vm(node, vmid);
    if (vm.config.protection === "1") throw died(`can't remove VM ${vmid} - protection mode enabled`);
    if (vm.power !== "stopped") throw died(`VM ${vmid} is running - destroy failed`);
    return vm;
  };
  check();
  return cluster.tasks.start(node, "qmdestroy", String(vmid), user, (worker) =>
    cluster.locks.hold(vmid, cluster.timing.cloneMs, false, async () => {
      checkLock(check());
      await worker.sleep(cluster.timing.actionMs / 4);
      const vm = check();
      if (given.purge === "1") worker.say(`purging VM ${vmid} from related configurations..`);
      cluster.remove(vm);
    }),
  );
}

/** `PUT /nodes/{node}/qemu/{vmid}/resize`: all checks are the worker's. */
export function resize(cluster: Cluster, user: string, node: string, vmid: number, given: Parameters): string {
  cluster.node(node);
  const { disk = "", size = "", digest } = given;
  return cluster.tasks.start(node, "resize", String(vmid), user, (worker) =>
    cluster.locks.hold(vmid, cluster.timing.cloneMs, false, async () => {
      const vm = cluster.vm(node, vmid);
      if (digest && digest !== digestOf(vm)) throw died("checksum mismatch (file change by other user?)");
      checkLock(vm);
      if (vm.config[disk] === undefined) throw died(`disk '${disk}' does not exist`);
      const volid = disksOf(vm.config).get(disk);
      const volume = volid ? cluster.volume(node, volid) : undefined;
      if (!volume) throw died("you can't resize a cdrom");
      const bytes = bytesOf(size.replace(/^\+/, "")) + (size.startsWith("+") ? volume.sizeBytes : 0);
      if (bytes < volume.sizeBytes) throw died("shrinking disks is not supported");
      await worker.sleep(cluster.timing.actionMs / 4);
      volume.sizeBytes = bytes;
      const fields = parseProperties(vm.config[disk], "file");
      fields.delete("file");
      fields.set("size", printSize(bytes));
      vm.config[disk] = `${volid},${printProperties(fields)}`;
      cluster.touched(vm);
    }),
  );
}

/** A VM that is there at once, as a template that somebody prepared or a machine made by hand. */
export function addReady(
  cluster: Cluster,
  parts: { vmid: number; node: string; storage: string; diskGiB: number; config: Record<string, string> },
): Vm {
  const { vmid, node, storage, diskGiB, config } = parts;
  const vm: Vm = { vmid, node, config: { ...config }, pending: {}, power: "stopped", hasGuest: true };
  const prefix = config.template === "1" ? "base" : "vm";
  const volid = `${storage}:${prefix}-${vmid}-disk-0`;
  cluster.addVolume({ volid, node, vmid, sizeBytes: diskGiB * GIB });
  vm.config.scsi0 = `${volid},size=${diskGiB}G`;
  vm.config.ide2 = `${storage}:vm-${vmid}-cloudinit,media=cdrom,size=4M`;
  vm.config.boot = "order=scsi0";
  vm.config.net0 = `virtio=${cluster.mac()},bridge=vmbr0`;
  cluster.add(vm);
  return vm;
}
