import type { PropertyMap } from "../plugin/handler.ts";
import type { MachineInputs } from "./inputs.ts";
import { describe, splitTags } from "./marks.ts";
import { memoryMiBOf, text, type VmConfig, vcpusOf } from "./vms.ts";

export type Options = Record<string, string | number | boolean | undefined>;

/** A machine as a program declares it: without a template it is made with an empty disk. */
export type Machine = Omit<MachineInputs, "template"> & { template?: string };

const GIB = 1024 ** 3;

/** What makes a clone. It takes no tags, so the mark stands in the description from the first moment. */
export function cloneOptions(machine: Machine, vmid: number, sourceNode: string): Options {
  return {
    newid: vmid,
    name: machine.name,
    description: describe(machine.mark),
    full: !machine.linkedClone,
    ...(machine.storage === undefined ? {} : { storage: machine.storage }),
    ...(machine.pool === undefined ? {} : { pool: machine.pool }),
    ...(sourceNode === machine.node ? {} : { target: machine.node }),
  };
}

/** What makes a machine with an empty disk. */
export function newOptions(machine: Machine, vmid: number): Options {
  const { storage } = machine;
  return {
    ...wantedOptions(machine, {}),
    vmid,
    description: describe(machine.mark),
    ostype: "l26",
    scsihw: "virtio-scsi-single",
    scsi0: `${storage}:${machine.diskGiB}`,
    ide2: `${storage}:cloudinit`,
    boot: "order=scsi0",
    ...(machine.pool === undefined ? {} : { pool: machine.pool }),
  };
}

/** What has to be written so that a machine is configured as declared; undefined when it is so already. */
export function changedOptions(machine: Machine, config: VmConfig): Options | undefined {
  const wanted = wantedOptions(machine, config);
  const changed = Object.entries(wanted).filter(([name, value]) => !same(name, value, config[name]));
  const unwanted = ["vcpus"].filter((name) => config[name] !== undefined);
  if (machine.sshKeys.length === 0 && config.sshkeys !== undefined) unwanted.push("sshkeys");
  if (changed.length === 0 && unwanted.length === 0) return undefined;
  return { ...Object.fromEntries(changed), ...(unwanted.length > 0 ? { delete: unwanted.join(",") } : {}) };
}

function wantedOptions(machine: Machine, config: VmConfig): Options {
  const disk = bootDisk(config);
  const storage = machine.storage ?? disk?.volume.split(":")[0];
  const needsDrive = disk !== undefined && !hasCloudInit(config) && config.ide2 === undefined;
  return {
    name: machine.name,
    sockets: 1,
    cores: machine.cores,
    memory: machine.memoryMiB,
    tags: [...machine.tags].sort().join(";"),
    net0: networkCard(text(config.net0), machine),
    ...(agentIsOn(config) ? {} : { agent: "1" }),
    ...(machine.balloonMiB === undefined ? {} : { balloon: machine.balloonMiB }),
    ...(machine.cpuType === undefined ? {} : { cpu: machine.cpuType }),
    ...(machine.user === undefined ? {} : { ciuser: machine.user }),
    // The value itself is URL-encoded, on top of the encoding of the form.
    ...(machine.sshKeys.length === 0 ? {} : { sshkeys: encodeURIComponent(machine.sshKeys.join("\n")) }),
    ipconfig0: machine.ipconfig,
    // Without a drive for them the guest never sees user, keys and addresses.
    ...(needsDrive && storage !== undefined ? { ide2: `${storage}:cloudinit` } : {}),
  };
}

function same(name: string, wanted: Options[string], actual: string | number | undefined): boolean {
  if (actual === undefined) return name === "sockets" && wanted === 1;
  if (name === "sshkeys") return decodeURIComponent(String(actual)).trim() === decodeURIComponent(String(wanted));
  if (name === "tags") return splitTags(String(actual)).join(";") === wanted;
  if (name === "memory") return memoryMiBOf({ memory: actual }) === wanted;
  if (name === "cpu") return cpuTypeOf(String(actual)) === wanted;
  return String(actual) === String(wanted);
}

/** The first card on the declared bridge and VLAN, everything else of it as it was: above all its hardware address. */
function networkCard(card: string | undefined, machine: Machine): string {
  const guarded = machine.firewallRules !== undefined;
  const own = guarded ? /^(bridge|tag|firewall)=/ : /^(bridge|tag)=/;
  const kept = (card ?? "virtio").split(",").filter((part) => !own.test(part));
  const place = [
    `bridge=${machine.bridge}`,
    ...(machine.vlan === undefined ? [] : [`tag=${machine.vlan}`]),
    // Without it no rule applies to what goes through this card.
    ...(guarded ? ["firewall=1"] : []),
  ];
  const changed = [...kept, ...place];
  const before = new Set((card ?? "").split(","));
  // As it stands when nothing changes, because the order of the parts says nothing.
  return changed.length === before.size && changed.every((part) => before.has(part)) ? card! : changed.join(",");
}

function hasCloudInit(config: VmConfig): boolean {
  return Object.values(config).some((value) => /[:-]cloudinit\b/.test(String(value)));
}

function agentIsOn(config: VmConfig): boolean {
  return /^(enabled=)?1\b/.test(text(config.agent) ?? "");
}

function cpuTypeOf(cpu: string): string | undefined {
  return /^(?:cputype=)?([^,=]+)(?:,|$)/.exec(cpu)?.[1];
}

/** The disk that the machine boots from, else its first; undefined when it has none. */
export function bootDisk(config: VmConfig): { option: string; volume: string; sizeGiB: number } | undefined {
  const order = /(?:^|,)order=([^,]*)/.exec(text(config.boot) ?? "")?.[1]?.split(";") ?? [];
  const all = Object.keys(config).filter((option) => /^(scsi|virtio|sata|ide)\d+$/.test(option));
  for (const option of [...order, ...all.sort()]) {
    const value = text(config[option]);
    if (value === undefined || !all.includes(option) || /media=cdrom/.test(value)) continue;
    return { option, volume: value.split(",")[0]!, sizeGiB: sizeGiBOf(/(?:^|,)size=([^,]+)/.exec(value)?.[1]) };
  }
  return undefined;
}

/** Proxmox VE writes sizes as `3G`, `512M`, or plain bytes. */
function sizeGiBOf(size: string | undefined): number {
  const [, amount, unit = ""] = /^([\d.]+)([KMGT]?)$/.exec(size ?? "") ?? [];
  return (Number(amount ?? 0) * 1024 ** ["", "K", "M", "G", "T"].indexOf(unit)) / GIB;
}

/** A machine's configuration in the words of the inputs; what it does not tell (where it came from) is left out. */
export function actualInputs(config: VmConfig, node: string): PropertyMap {
  const disk = bootDisk(config);
  const card = text(config.net0) ?? "";
  const bridge = /(?:^|,)bridge=([^,]+)/.exec(card)?.[1];
  const vlan = /(?:^|,)tag=(\d+)/.exec(card)?.[1];
  const cpuType = config.cpu === undefined ? undefined : cpuTypeOf(String(config.cpu));
  const keys = decodeURIComponent(text(config.sshkeys) ?? "").split("\n");
  return {
    node,
    ...(config.name === undefined ? {} : { name: String(config.name) }),
    cores: vcpusOf(config),
    memoryMiB: memoryMiBOf(config),
    tags: splitTags(text(config.tags)),
    sshKeys: keys.map((key) => key.trim()).filter((key) => key !== ""),
    ...(disk ? { diskGiB: Math.floor(disk.sizeGiB) } : {}),
    ...(cpuType === undefined ? {} : { cpuType }),
    ...(config.balloon === undefined ? {} : { balloonMiB: Number(config.balloon) }),
    ...(bridge === undefined ? {} : { bridge }),
    ...(vlan === undefined ? {} : { vlan: Number(vlan) }),
    ...(config.ciuser === undefined ? {} : { user: String(config.ciuser) }),
    ...(config.ipconfig0 === undefined ? {} : { ipconfig: String(config.ipconfig0) }),
  };
}
