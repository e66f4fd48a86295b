import type { ServerContext } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { ServerProblem } from "../problems.ts";
import type { ServerSpec } from "../spec.ts";
import type { Firewall } from "./firewall.ts";
import { expectedRules, pveRule, ruleLine } from "./firewall-rules.ts";
import { tagsOf } from "./marks.ts";
import { accountOptions, serverOptions } from "./schemas.ts";

/** Inputs of a VirtualMachine in plain values; the names are those of the resource. A machine without firewalls has its rules left alone. */
export interface MachineInputs extends Partial<Firewall> {
  mark: string;
  name: string;
  node: string;
  template: string;
  linkedClone: boolean;
  storage?: string;
  pool?: string;
  cores: number;
  memoryMiB: number;
  diskGiB?: number;
  cpuType?: string;
  balloonMiB?: number;
  bridge: string;
  vlan?: number;
  tags: string[];
  user?: string;
  sshKeys: string[];
  ipconfig: string;
  waitForAgent: boolean;
}

export function nodeOf(server: ServerSpec): string {
  return serverOptions(server.options).node ?? server.region;
}

export function coresOf(server: ServerSpec): number | undefined {
  return serverOptions(server.options).cores ?? server.resources.vcpus;
}

/**
 * What a server's document means as a machine; what its own `provider:` leaves open comes from the account.
 * @throws {FleetError} FLEET_INVALID for what `problems` tells
 */
export function machineInputs(
  server: ServerSpec,
  context: Pick<ServerContext, "mark" | "userData" | "accountOptions">,
): MachineInputs {
  const own = serverOptions(server.options);
  const shared = accountOptions(context.accountOptions ?? {});
  const cores = coresOf(server);
  const { memoryMiB, diskGiB } = server.resources;
  const [problem] = problems(server);
  if (problem !== undefined || cores === undefined || memoryMiB === undefined) {
    throw new FleetError("FLEET_INVALID", `${server.name}: ${problem?.path}: ${problem?.message}`, {
      server: server.name,
      cloud: "proxmox",
    });
  }
  const storage = own.storage ?? shared.storage;
  const linkedClone = own.linkedClone ?? false;
  const pool = own.pool ?? shared.pool;
  const { image, keys } = server.createOnly;
  return {
    mark: context.mark,
    name: server.hostname,
    node: nodeOf(server),
    template: String(own.template ?? shared.templates?.[image] ?? image),
    linkedClone,
    // A linked clone lies where its template does.
    ...(storage === undefined || linkedClone ? {} : { storage }),
    ...(pool === undefined ? {} : { pool }),
    cores,
    memoryMiB,
    ...(diskGiB === undefined ? {} : { diskGiB }),
    ...(own.cpuType === undefined ? {} : { cpuType: own.cpuType }),
    ...(own.balloonMiB === undefined ? {} : { balloonMiB: own.balloonMiB }),
    bridge: own.bridge ?? shared.bridge ?? "vmbr0",
    ...(own.vlan === undefined ? {} : { vlan: own.vlan }),
    tags: tagsOf(server, context.mark),
    ...(own.user === undefined ? {} : { user: own.user }),
    sshKeys: keys.map((key) => key.publicKey.trim()),
    ipconfig: own.ipconfig0 ?? "ip=dhcp",
    waitForAgent: own.waitForAgent ?? false,
    ...firewallInputs(server),
  };
}

function firewallInputs({ rules }: ServerSpec): Partial<Firewall> {
  if (rules === undefined) return {};
  const expected = expectedRules(rules);
  return {
    firewallRules: expected.rules.map((rule) => ruleLine(pveRule(rule))),
    firewallIn: expected.inboundPolicy.toUpperCase(),
    firewallOut: expected.outboundPolicy.toUpperCase(),
  };
}

/** What Proxmox VE cannot take in a server's file. */
export function problems(server: ServerSpec): ServerProblem[] {
  const found: ServerProblem[] = [];
  if (coresOf(server) === undefined || server.resources.memoryMiB === undefined) {
    found.push({
      path: "resources",
      message: "a machine on Proxmox VE needs vcpus and memoryMiB, here or from a plan",
    });
  }
  if (server.createOnly.userData !== undefined) {
    const message = "is not to be had on Proxmox VE, whose API cannot store it; prepare the template instead";
    found.push({ path: "userData", message });
  }
  return found;
}
