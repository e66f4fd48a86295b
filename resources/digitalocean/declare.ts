import { Droplet } from "@pulumi/digitalocean/droplet.js";
import { DropletSnapshot } from "@pulumi/digitalocean/dropletSnapshot.js";
import { Firewall } from "@pulumi/digitalocean/firewall.js";
import { SshKey } from "@pulumi/digitalocean/sshKey.js";
import { Tag } from "@pulumi/digitalocean/tag.js";
import * as pulumi from "@pulumi/pulumi";
import type { Declarations, ServerContext } from "../cloud.ts";
import { machineOptions } from "../declaring.ts";
import { FleetError } from "../errors.ts";
import { refuseProblems } from "../problems.ts";
import type { ServerSpec } from "../spec.ts";
import { inboundRules, outboundRules } from "./firewall.ts";
import { fingerprint, firewallName, firewallTag, keyName, problems, tagsOf } from "./names.ts";
import type { DigitalOceanOptions } from "./schemas.ts";
import { snapshotName } from "./snapshots.ts";

/** What applies when a droplet is made, and would make the plugin replace it later. */
const CREATE_ONLY = ["image", "sshKeys", "userData", "monitoring", "vpcUuid", "dropletAgent"];

export const declarations: Declarations = {
  declareServer(server, context) {
    refuseProblems(server, "digitalocean", problems(server));
    const droplet = new Droplet(context.identity, dropletArgs(server, context), machineOptions(context, CREATE_ONLY));
    return { id: droplet.id };
  },

  declareShared(object, { identity, mark, serverId, opts }) {
    if (object.kind === "SshKey") {
      new SshKey(`key.${identity}`, { name: keyName(object.name, mark), publicKey: object.publicKey.trim() }, opts);
      return;
    }
    if (object.kind === "Snapshot") {
      // Once it is there its droplet is no matter, and may have gone.
      const options = { ...opts, ignoreChanges: ["dropletId"], deleteBeforeReplace: true };
      const name = snapshotName(object.name, mark);
      new DropletSnapshot(`snapshot.${identity}`, { name, dropletId: serverId ?? "gone" }, options);
      return;
    }
    if (object.kind !== "Firewall") throw new FleetError("CLOUD_UNSUPPORTED", `DigitalOcean has no ${object.kind}`, {});
    // A firewall may name only tags that exist. The tag is left behind with the firewall: others may use the same word.
    const tag = new Tag(`tag.${identity}`, { name: firewallTag(object.name) }, { ...opts, retainOnDelete: true });
    new Firewall(
      `firewall.${identity}`,
      {
        name: firewallName(object.name, mark),
        tags: [firewallTag(object.name)],
        inboundRules: inboundRules(object),
        outboundRules: outboundRules(object),
      },
      { ...opts, dependsOn: [tag] },
    );
  },
};

/** No password is an input: DigitalOcean mails one only where no key is given. */
function dropletArgs(server: ServerSpec, context: ServerContext): ConstructorParameters<typeof Droplet>[1] {
  const { image, keys } = server.createOnly;
  const options: DigitalOceanOptions = server.options;
  const sshKeys = [...keys.map((key) => fingerprint(key.publicKey)), ...(options.sshKeys ?? [])];
  return {
    name: server.hostname,
    region: server.region,
    size: server.size,
    image,
    tags: tagsOf(server, context.mark),
    backups: server.backups,
    monitoring: server.monitoring,
    ipv6: server.ipv6,
    ...(sshKeys.length > 0 ? { sshKeys } : {}),
    ...(context.userData === undefined ? {} : { userData: pulumi.secret(context.userData) }),
    ...(options.vpcUuid === undefined ? {} : { vpcUuid: options.vpcUuid }),
    ...(options.agent === undefined ? {} : { dropletAgent: options.agent }),
    ...(options.resizeDisk === undefined ? {} : { resizeDisk: options.resizeDisk }),
    ...(options.gracefulShutdown === undefined ? {} : { gracefulShutdown: options.gracefulShutdown }),
  };
}
