import { createHash } from "node:crypto";
import { hasMac, withMac } from "./cards.ts";
import type { Cluster, Vm } from "./cluster.ts";
import { allocate, DISK_OPTION } from "./disks.ts";
import { died } from "./errors.ts";
import { splitList } from "./formats.ts";
import type { Parameters } from "./parameters.ts";
import { memoryMiBOf } from "./summary.ts";

/** Options that a running machine takes at once; the others wait for its next start. */
const LIVE =
  /^(name|description|tags|onboot|protection|startup|hookscript|balloon|shares|lock|ci\w+|sshkeys|ipconfig\d+|nameserver|searchdomain|net\d+|(scsi|virtio|sata)\d+)$/;

const SETTINGS = new Set(["delete", "digest", "skiplock", "force", "background_delay"]);

/** @throws {PveError} 500 "VM is locked (…)" */
export function checkLock(vm: Vm): void {
  if (vm.config.lock) throw died(`VM is locked (${vm.config.lock})`);
}

export function digestOf(vm: Vm): string {
  const lines = Object.entries(vm.config).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha1").update(JSON.stringify(lines)).digest("hex");
}

/** The options with those that wait for the next start. */
export function withPending(vm: Vm): Record<string, string> {
  const config = { ...vm.config };
  for (const [option, value] of Object.entries(vm.pending)) {
    if (value === null) delete config[option];
    else config[option] = value;
  }
  return config;
}

export function applyPending(vm: Vm): void {
  vm.config = withPending(vm);
  vm.pending = {};
}

/** `PUT` and `POST /nodes/{node}/qemu/{vmid}/config`. @throws {PveError} */
export function update(cluster: Cluster, vm: Vm, given: Parameters): void {
  const removed = splitList(given.delete ?? "");
  const changed = normalized(cluster, given);
  if (given.digest && given.digest !== digestOf(vm)) throw died("checksum mismatch (file change by other user?)");
  checkLock(vm);
  checkBalloon(vm, changed);
  for (const option of removed) set(vm, option, null);
  for (const [option, value] of Object.entries(changed)) {
    set(vm, option, DISK_OPTION.test(option) ? allocate(cluster, vm, option, value) : value);
  }
  cluster.touched(vm);
}

/** Options as the configuration keeps them: tags sorted and unique, network cards with an address, keys checked. */
export function normalized(cluster: Cluster, given: Parameters): Record<string, string> {
  const changed: Record<string, string> = {};
  for (const [option, value] of Object.entries(given)) {
    if (SETTINGS.has(option)) continue;
    if (option === "tags") changed.tags = uniqueTags(value).join(";");
    else if (/^net\d+$/.test(option)) changed[option] = hasMac(value) ? value : withMac(value, cluster.mac());
    else if (option === "cipassword") changed.cipassword = "**********";
    else changed[option] = value;
  }
  if (changed.sshkeys !== undefined) checkKeys(changed.sshkeys);
  return changed;
}

function set(vm: Vm, option: string, value: string | null): void {
  delete vm.pending[option];
  if (vm.power !== "stopped" && !LIVE.test(option)) {
    if ((vm.config[option] ?? null) !== value) vm.pending[option] = value;
    return;
  }
  if (value === null) delete vm.config[option];
  else vm.config[option] = value;
}

function checkBalloon(vm: Vm, changed: Readonly<Record<string, string>>): void {
  const config = { ...withPending(vm), ...changed };
  if (Number(config.balloon ?? 0) > memoryMiBOf(config)) {
    throw died("balloon value too large (must be smaller than assigned memory)");
  }
}

function uniqueTags(value: string): string[] {
  return [...new Set(splitList(value).map((tag) => tag.toLowerCase()))].sort();
}

function checkKeys(encoded: string): void {
  const lines = decodeURIComponent(encoded)
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (!lines.every((line) => /^(ssh-(rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-\S+) [A-Za-z0-9+/]+=*( .*)?$/.test(line))) {
    throw died("SSH public key validation error");
  }
}
