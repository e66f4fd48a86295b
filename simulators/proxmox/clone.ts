import { withMac } from "./cards.ts";
import type { Cluster, Vm } from "./cluster.ts";
import { allocate, disksOf, newVolume } from "./disks.ts";
import { badParameters, died } from "./errors.ts";
import { copiedFirewall } from "./firewall.ts";
import { parseProperties, printProperties } from "./formats.ts";
import { checkLock } from "./options.ts";
import type { Parameters } from "./parameters.ts";

/** Real clones wait a second for locks that others hold for tens of seconds; here both are as much shorter. */
const LOCK_WAIT_SHARE = 0.1;
/** Until its first disk is done, a clone shows neither name nor description. */
const PLACEHOLDER_SHARE = 0.2;
const LINKED_SHARE = 0.1;

/**
 * `POST /nodes/{node}/qemu/{vmid}/clone`. The early checks answer at once; the same checks fail the task when another one was faster.
 *
 * A full clone holds its source alone. Current versions share that lock among clones of a stopped VM, older ones do not, and a client has to
 * work with both.
 */
export function clone(cluster: Cluster, user: string, node: string, vmid: number, given: Parameters): string {
  const newid = Number(given.newid);
  const check = () => {
    const source = cluster.vm(node, vmid);
    if (given.pool !== undefined && !cluster.pools.includes(given.pool))
      throw died(`pool '${given.pool}' does not exist`);
    if (given.storage !== undefined && !cluster.storage(given.storage).content.includes("images")) {
      throw badParameters({ storage: `storage '${given.storage}' does not support vm images` });
    }
    checkLock(source);
    const full = given.full === undefined ? source.config.template !== "1" : given.full === "1";
    if (given.storage !== undefined && !full) throw died("parameter 'storage' not allowed for linked clones");
    if (given.format !== undefined && !full) throw died("parameter 'format' not allowed for linked clones");
    const [option, volid] = [...disksOf(source.config)][0] ?? [];
    if (!full && source.config.template !== "1" && volid) {
      throw died(`Linked clone feature is not supported for '${volid}' (${option})`);
    }
    if (given.target !== undefined && given.target !== node) {
      cluster.node(given.target);
      throw died(`can't clone VM to node '${given.target}' (VM uses local storage)`);
    }
    if (cluster.vms.has(newid)) throw died(`unable to create VM ${newid}: config file already exists`);
    return { source, full };
  };

  const { full: exclusive } = check();
  const { cloneMs } = cluster.timing;
  const waitMs = cloneMs * LOCK_WAIT_SHARE;
  return cluster.tasks.start(node, "qmclone", String(vmid), user, (worker) =>
    cluster.locks.hold(vmid, waitMs, !exclusive, () =>
      cluster.locks.hold(newid, waitMs, false, async () => {
        const { source, full } = check();
        worker.say(`creating a clone of VM ${vmid} with ID ${newid}`);
        const config = copiedConfig(cluster, source, given);
        const vm: Vm = {
          vmid: newid,
          node,
          config: { lock: "clone", description: "qmclone temporary file\n" },
          pending: {},
          power: "stopped",
          hasGuest: source.hasGuest,
          ...copiedFirewall(source),
        };
        cluster.add(vm);
        const totalMs = cloneMs * (full ? 1 : LINKED_SHARE);
        await worker.sleep(totalMs * PLACEHOLDER_SHARE);
        if (!cluster.vms.has(newid)) throw died(`clone failed: ${missing(node, newid)}`);
        vm.config = { ...config, lock: "clone" };
        cluster.touched(vm);
        await worker.sleep(totalMs * (1 - PLACEHOLDER_SHARE));
        if (!cluster.vms.has(newid)) throw died(`clone failed: ${missing(node, newid)}`);
        vm.config = { ...config, ...copiedDisks(cluster, source, vm, given.storage) };
        if (given.pool !== undefined) vm.pool = given.pool;
        cluster.touched(vm);
      }),
    ),
  );
}

function copiedConfig(cluster: Cluster, source: Vm, given: Parameters): Record<string, string> {
  const disks = disksOf(source.config);
  const config: Record<string, string> = {};
  for (const [option, value] of Object.entries(source.config)) {
    if (disks.has(option) || option === "template" || option === "lock" || option.startsWith("unused")) continue;
    config[option] = /^net\d+$/.test(option) ? withMac(value, cluster.mac()) : value;
  }
  config.name = given.name ?? `Copy-of-VM-${source.config.name ?? source.vmid}`;
  if (given.description !== undefined) config.description = given.description;
  config.smbios1 = `uuid=${cluster.ids.uuid()}`;
  if (config.vmgenid) config.vmgenid = cluster.ids.uuid();
  return config;
}

function copiedDisks(cluster: Cluster, source: Vm, vm: Vm, storage: string | undefined): Record<string, string> {
  const copied: Record<string, string> = {};
  for (const [option, value] of Object.entries(source.config)) {
    if (/[:-]cloudinit\b/.test(value)) {
      copied[option] = allocate(cluster, vm, option, `${storage ?? value.split(":")[0]}:cloudinit`);
    }
  }
  for (const [option, volid] of disksOf(source.config)) {
    const fields = parseProperties(source.config[option] ?? "", "file");
    const sizeBytes = cluster.volume(source.node, volid)?.sizeBytes ?? 0;
    const own = newVolume(cluster, vm, storage ?? volid.split(":")[0] ?? "", sizeBytes);
    fields.delete("file");
    copied[option] = `${own},${printProperties(fields)}`;
  }
  return copied;
}

function missing(node: string, vmid: number): string {
  return `Configuration file 'nodes/${node}/qemu-server/${vmid}.conf' does not exist`;
}
