import type { ActualServer } from "../actual.ts";
import { markIn } from "../mark.ts";
import type { BareMetal, Instance } from "./answers.ts";
import { serverId } from "./ids.ts";
import { imageOf } from "./images.ts";
import { metalPowerOf, powerOf } from "./power.ts";

export function actualInstance(instance: Instance): ActualServer {
  const { features = [], vcpu_count: vcpus, ram, disk } = instance;
  const settled = instance.status !== "pending";
  return {
    ...common(instance, "instances"),
    power: powerOf(instance),
    ...(vcpus ? { vcpus } : {}),
    ...(ram ? { memoryMiB: ram } : {}),
    ...(disk ? { diskGiB: disk } : {}),
    // What it has is not listed before it is made.
    ...(settled
      ? {
          backups: features.includes("auto_backups") || features.includes("backups"),
          ipv6Enabled: features.includes("ipv6") || isAddress(instance.v6_main_ip),
        }
      : {}),
    ipv4: [instance.main_ip, instance.internal_ip].filter(isAddress),
    options: features.includes("ddos_protection") ? { ddosProtection: true } : {},
  };
}

export function actualMetal(metal: BareMetal): ActualServer {
  const { cpu_count: vcpus, features = [], status } = metal;
  const memoryMiB = Number.parseInt(metal.ram ?? "", 10);
  const diskGiB = diskOf(metal.disk ?? "");
  return {
    ...common(metal, "bare-metals"),
    power: metalPowerOf(metal),
    ...(status === "pending" ? { provisioning: { step: "being installed" } } : {}),
    ...(vcpus ? { vcpus } : {}),
    ...(memoryMiB > 0 ? { memoryMiB } : {}),
    ...(diskGiB > 0 ? { diskGiB } : {}),
    ...(status === "pending" ? {} : { ipv6Enabled: features.includes("ipv6") || isAddress(metal.v6_main_ip) }),
    ipv4: [metal.main_ip].filter(isAddress),
    options: {},
  };
}

function common(machine: Instance | BareMetal, kind: "instances" | "bare-metals") {
  const mark = markIn(machine.tags);
  const image = imageOf(machine);
  const { label, date_created: created } = machine;
  return {
    id: serverId(kind, machine.id),
    name: label || ("hostname" in machine && machine.hostname) || machine.id,
    ...(mark ? { mark } : {}),
    status: machine.status,
    size: machine.plan,
    region: machine.region,
    ...(image ? { image } : {}),
    ipv6: [machine.v6_main_ip].filter(isAddress),
    tags: [...machine.tags].sort(),
    ...(created && !Number.isNaN(Date.parse(created)) ? { createdAt: new Date(created).toISOString() } : {}),
  };
}

/** "0.0.0.0" stands for one that is still to come. */
function isAddress(address: string | undefined): address is string {
  return address !== undefined && address !== "" && address !== "0.0.0.0";
}

/** "2x 240GB SSD + 1x 1.9TB NVMe" as GiB, as Vultr counts them. */
function diskOf(text: string): number {
  const sum = [...text.matchAll(/(?:(\d+)\s*x\s*)?([\d.]+)\s*(GB|TB)/gi)].reduce((total, [, count, size, unit]) => {
    return total + Number(count ?? 1) * Number(size) * (unit!.toUpperCase() === "TB" ? 1000 : 1);
  }, 0);
  return Math.round(sum);
}
