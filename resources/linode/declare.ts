import { Firewall } from "@pulumi/linode/firewall.js";
import { FirewallDevice } from "@pulumi/linode/firewallDevice.js";
import { Instance } from "@pulumi/linode/instance.js";
import { SshKey } from "@pulumi/linode/sshKey.js";
import * as pulumi from "@pulumi/pulumi";
import type { Declarations, ServerContext } from "../cloud.ts";
import { machineOptions, requiredId } from "../declaring.ts";
import { FleetError } from "../errors.ts";
import { refuseProblems } from "../problems.ts";
import type { FirewallRule, ServerSpec } from "../spec.ts";
import { firewallLabel, keyLabel, labelOf, problems, tagsOf } from "./names.ts";
import type { LinodeOptions } from "./schemas.ts";

/** What applies when a machine is made, and would make the plugin replace it later. */
const CREATE_ONLY = [
  "image",
  "authorizedKeys",
  "metadatas",
  "privateIp",
  "swapSize",
  "diskEncryption",
  "stackscriptId",
];

export const declarations: Declarations = {
  declareServer(server, context) {
    refuseProblems(server, "linode", problems(server));
    const instance = new Instance(context.identity, instanceArgs(server, context), {
      ...machineOptions(context, CREATE_ONLY),
      // The plugin would migrate the machine, for hours and with its addresses lost; the core shows a replace for what it is.
      replaceOnChanges: ["region"],
    });
    for (const firewall of server.firewalls) {
      new FirewallDevice(
        `${context.identity}.${firewall}`,
        {
          firewallId: pulumi.output(requiredId(server, "firewall", firewall, context)).apply(Number),
          entityId: instance.id.apply(Number),
        },
        { ...context.opts, deleteBeforeReplace: true },
      );
    }
    return { id: instance.id };
  },

  declareShared(object, { identity, mark, opts }) {
    if (object.kind === "SshKey") {
      new SshKey(`key.${identity}`, { label: keyLabel(object.name, mark), sshKey: object.publicKey.trim() }, opts);
      return;
    }
    if (object.kind !== "Firewall") throw new FleetError("CLOUD_UNSUPPORTED", `Linode has no ${object.kind}`, {});
    const rules = (direction: FirewallRule["direction"]) =>
      object.rules
        .filter((rule) => rule.direction === direction)
        .map((rule, index) => ruleArgs(rule, `${direction}-${index + 1}`));
    new Firewall(
      `firewall.${identity}`,
      {
        label: firewallLabel(object.name),
        tags: [mark],
        inbounds: rules("inbound"),
        inboundPolicy: object.inboundPolicy.toUpperCase(),
        outbounds: rules("outbound"),
        outboundPolicy: object.outboundPolicy.toUpperCase(),
      },
      opts,
    );
  },
};

/** `booted` is left out: power belongs to the Power beside the machine, which also boots one that a resize left off. No password is an input. */
function instanceArgs(server: ServerSpec, context: ServerContext): ConstructorParameters<typeof Instance>[1] {
  const { image, keys } = server.createOnly;
  const options: LinodeOptions = server.options;
  return {
    label: labelOf(server),
    region: server.region,
    type: server.size,
    image,
    tags: tagsOf(server, context.mark),
    backupsEnabled: server.backups,
    ...(keys.length > 0 ? { authorizedKeys: keys.map((key) => key.publicKey.trim()) } : {}),
    ...(context.userData === undefined
      ? {}
      : { metadatas: pulumi.secret([{ userData: Buffer.from(context.userData).toString("base64") }]) }),
    ...(options.privateIp === undefined ? {} : { privateIp: options.privateIp }),
    ...(options.swapSizeMiB === undefined ? {} : { swapSize: options.swapSizeMiB }),
    ...(options.diskEncryption === undefined ? {} : { diskEncryption: options.diskEncryption }),
    ...(options.stackscriptId === undefined ? {} : { stackscriptId: options.stackscriptId }),
    ...(options.watchdog === undefined ? {} : { watchdogEnabled: options.watchdog }),
    ...(options.resizeDisk === undefined ? {} : { resizeDisk: options.resizeDisk }),
  };
}

function ruleArgs(rule: FirewallRule, label: string) {
  const withMask = rule.addresses.map((address) =>
    address.includes("/") ? address : `${address}/${address.includes(":") ? 128 : 32}`,
  );
  return {
    label,
    action: rule.action.toUpperCase(),
    protocol: rule.protocol.toUpperCase(),
    ...(rule.ports && rule.protocol !== "icmp" ? { ports: rule.ports.replaceAll(",", ", ") } : {}),
    ...(rule.description ? { description: rule.description } : {}),
    ipv4s: withMask.filter((address) => !address.includes(":")),
    ipv6s: withMask.filter((address) => address.includes(":")),
  };
}
