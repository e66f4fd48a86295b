import { BareMetalServer } from "@ediri/vultr/bareMetalServer.js";
import { FirewallGroup } from "@ediri/vultr/firewallGroup.js";
import { FirewallRule } from "@ediri/vultr/firewallRule.js";
import { Instance } from "@ediri/vultr/instance.js";
import { Snapshot } from "@ediri/vultr/snapshot.js";
import { SSHKey } from "@ediri/vultr/sshkey.js";
import * as pulumi from "@pulumi/pulumi";
import type { Declarations, ServerContext } from "../cloud.ts";
import { machineOptions, requiredId } from "../declaring.ts";
import { FleetError } from "../errors.ts";
import { refuseProblems } from "../problems.ts";
import type { FirewallSpec, ServerSpec } from "../spec.ts";
import { firewallProblems, ruleName, singleRules } from "./firewall.ts";
import { isMetal, serverId } from "./ids.ts";
import { parseImage } from "./images.ts";
import { markedName, problems, tagsOf } from "./names.ts";
import type { BackupSchedule, VultrOptions } from "./schemas.ts";

/** What applies when a machine is made: the plugin would replace an instance for it, and install bare metal anew. */
const CREATE_ONLY = ["osId", "appId", "imageId", "snapshotId", "sshKeyIds", "userData", "hostname", "scriptId"];

export const declarations: Declarations = {
  declareServer(server, context) {
    refuseProblems(server, "vultr", problems(server));
    if (isMetal(server.size)) {
      const metal = new BareMetalServer(
        context.identity,
        metalArgs(server, context),
        machineOptions(context, [...CREATE_ONLY, "persistentPxe"]),
      );
      return { id: metal.id.apply((id) => serverId("bare-metals", id)) };
    }
    const instance = new Instance(context.identity, instanceArgs(server, context), {
      ...machineOptions(context, [...CREATE_ONLY, "disablePublicIpv4"]),
      // IPv6 is switched on in place and never off; a change to "off" is the replace that it takes.
      ...(server.ipv6 ? {} : { replaceOnChanges: ["enableIpv6"] }),
    });
    return { id: instance.id };
  },

  declareShared(object, { identity, mark, serverId, opts }) {
    if (object.kind === "SshKey") {
      new SSHKey(`key.${identity}`, { name: markedName(object.name, mark), sshKey: object.publicKey.trim() }, opts);
      return;
    }
    if (object.kind === "Snapshot") {
      // Once it is there its instance is no matter, and may have gone.
      const options = { ...opts, ignoreChanges: ["instanceId"], deleteBeforeReplace: true };
      const description = markedName(object.name, mark);
      new Snapshot(`snapshot.${identity}`, { description, instanceId: serverId ?? "gone" }, options);
      return;
    }
    if (object.kind !== "Firewall") throw new FleetError("CLOUD_UNSUPPORTED", `Vultr has no ${object.kind}`, {});
    declareFirewall(object, identity, mark, opts);
  },
};

function declareFirewall(firewall: FirewallSpec, identity: string, mark: string, opts: pulumi.CustomResourceOptions) {
  const [problem] = firewallProblems(firewall);
  if (problem) {
    const message = `firewall ${firewall.name}: ${problem.path.join(".")} ${problem.message}`;
    throw new FleetError("CLOUD_UNSUPPORTED", message, { cloud: "vultr", firewall: firewall.name });
  }
  const group = new FirewallGroup(`firewall.${identity}`, { description: markedName(firewall.name, mark) }, opts);
  for (const rule of singleRules(firewall)) {
    const { ipType, protocol, subnet, subnetSize, port, notes } = rule;
    new FirewallRule(
      `firewall.${identity}.${ruleName(rule)}`,
      {
        firewallGroupId: group.id,
        ipType,
        protocol,
        subnet,
        subnetSize,
        ...(port ? { port } : {}),
        ...(notes ? { notes } : {}),
      },
      // A group takes no rule twice: other notes make it anew.
      { ...opts, deleteBeforeReplace: true },
    );
  }
}

/** No password is an input: Vultr makes one up, and tells it in the answer to the create. */
function instanceArgs(server: ServerSpec, context: ServerContext): ConstructorParameters<typeof Instance>[1] {
  const options: VultrOptions = server.options;
  return {
    ...commonArgs(server, context),
    backups: server.backups ? "enabled" : "disabled",
    // The plugin refuses backups without a schedule.
    ...(server.backups ? { backupsSchedule: scheduleArgs(options.backupSchedule ?? { type: "daily" }) } : {}),
    // Named also where there is none: an absent id leaves the machine in the group that it is in.
    firewallGroupId: firewallId(server, context),
    ...(options.ddosProtection === undefined ? {} : { ddosProtection: options.ddosProtection }),
    ...(options.disablePublicIpv4 === undefined ? {} : { disablePublicIpv4: options.disablePublicIpv4 }),
  };
}

function metalArgs(server: ServerSpec, context: ServerContext): ConstructorParameters<typeof BareMetalServer>[1] {
  const { persistentPxe }: VultrOptions = server.options;
  return { ...commonArgs(server, context), ...(persistentPxe === undefined ? {} : { persistentPxe }) };
}

/** Label and host name are the hostname at first; later changes reach the label alone, since another host name means a new installation. */
function commonArgs(server: ServerSpec, context: ServerContext) {
  const { startupScript, sshKeys = [] }: VultrOptions = server.options;
  const own = server.createOnly.keys.map(({ name }) => requiredId(server, "key", name, context));
  const keyIds = [...own, ...sshKeys];
  return {
    region: server.region,
    plan: server.size,
    label: server.hostname,
    hostname: server.hostname,
    tags: tagsOf(server, context.mark),
    enableIpv6: server.ipv6,
    ...imageArgs(server.createOnly.image),
    ...(keyIds.length > 0 ? { sshKeyIds: keyIds } : {}),
    ...(context.userData === undefined ? {} : { userData: pulumi.secret(context.userData) }),
    ...(startupScript === undefined ? {} : { scriptId: startupScript }),
  };
}

function imageArgs(image: string) {
  const source = parseImage(image)!;
  if ("os" in source) return { osId: source.os };
  if ("app" in source) return { appId: source.app };
  return "marketplace" in source ? { imageId: source.marketplace } : { snapshotId: source.snapshot };
}

function scheduleArgs({ type, hour, dayOfWeek, dayOfMonth }: BackupSchedule) {
  return {
    type,
    ...(hour === undefined ? {} : { hour }),
    ...(dayOfWeek === undefined ? {} : { dow: dayOfWeek }),
    ...(dayOfMonth === undefined ? {} : { dom: dayOfMonth }),
  };
}

function firewallId(server: ServerSpec, context: ServerContext): pulumi.Input<string> {
  const [firewall] = server.firewalls;
  return firewall === undefined ? "" : requiredId(server, "firewall", firewall, context);
}
