import { Instance } from "@pulumi/aws/ec2/instance.js";
import { KeyPair } from "@pulumi/aws/ec2/keyPair.js";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import * as pulumi from "@pulumi/pulumi";
import type { Declarations, ServerContext } from "../cloud.ts";
import { machineOptions, requiredId } from "../declaring.ts";
import { FleetError } from "../errors.ts";
import { refuseProblems } from "../problems.ts";
import { plainName, type ServerSpec } from "../spec.ts";
import { problems, serverId, sharedName, tagsFor } from "./names.ts";
import { firewallProblems, groupRules } from "./rules.ts";
import type { AwsAccountOptions, AwsOptions } from "./schemas.ts";

/** What applies when a machine is made, and would make the plugin replace or restart it later. */
const CREATE_ONLY = [
  "ami",
  "keyName",
  "userData",
  "subnetId",
  "rootBlockDevice",
  "associatePublicIpAddress",
  "ipv6AddressCount",
];

export const declarations: Declarations = {
  declareServer(server, context) {
    refuseProblems(server, "aws", problems(server));
    const instance = new Instance(
      context.identity,
      instanceArgs(server, context),
      machineOptions(context, CREATE_ONLY),
    );
    return { id: instance.id.apply((id) => serverId(server.region, id)) };
  },

  declareShared(object, { identity, mark, accountOptions, opts }) {
    if (object.kind !== "SshKey" && object.kind !== "Firewall")
      throw new FleetError("CLOUD_UNSUPPORTED", `AWS has no ${object.kind}`, {});
    const name = plainName(object.name);
    const common = { tags: tagsFor(name, {}, mark), ...(object.region ? { region: object.region } : {}) };
    if (object.kind === "SshKey") {
      const publicKey = object.publicKey.trim();
      new KeyPair(`key.${identity}`, { ...common, keyName: sharedName(name, mark), publicKey }, opts);
      return;
    }
    const [problem] = firewallProblems(object);
    if (problem)
      throw new FleetError("CLOUD_UNSUPPORTED", `firewall ${name}: ${problem.path.join(".")} ${problem.message}`, {
        cloud: "aws",
        firewall: name,
      });
    const { vpcs }: AwsAccountOptions = accountOptions ?? {};
    const vpcId = vpcs?.[object.region ?? ""];
    new SecurityGroup(
      `firewall.${identity}`,
      {
        ...common,
        name: sharedName(name, mark),
        description: "Managed by Fleetwright",
        ...(vpcId ? { vpcId } : {}),
        // Both are always told: the plugin leaves alone what it is not told.
        ingress: groupRules(object, "inbound"),
        egress: groupRules(object, "outbound"),
      },
      opts,
    );
  },
};

/** No password is an input. The power belongs to the Power beside the machine. */
function instanceArgs(server: ServerSpec, context: ServerContext): ConstructorParameters<typeof Instance>[1] {
  const { image, keys } = server.createOnly;
  const options: AwsOptions = server.options;
  const { subnets }: AwsAccountOptions = context.accountOptions ?? {};
  const subnetId = options.subnet ?? subnets?.[server.region];
  // Groups and pairs exist once a region; a pair's id is its name.
  const where = ` in ${server.region}`;
  const groups = [
    ...server.firewalls.map((name) => requiredId(server, "firewall", name, context, where)),
    ...(options.securityGroups ?? []),
  ];
  const [key] = keys;
  const keyName = key ? requiredId(server, "key", key.name, context, where) : options.sshKeys?.[0];
  return {
    region: server.region,
    ami: image,
    instanceType: server.size,
    tags: tagsFor(server.hostname, server.labels, context.mark),
    vpcSecurityGroupIds: groups,
    monitoring: server.monitoring,
    ...(keyName ? { keyName } : {}),
    ...(server.ipv6 ? { ipv6AddressCount: 1 } : {}),
    ...(subnetId ? { subnetId } : {}),
    ...(context.userData === undefined ? {} : { userData: pulumi.secret(context.userData) }),
    ...(options.rootDiskGiB === undefined ? {} : { rootBlockDevice: { volumeSize: options.rootDiskGiB } }),
    ...(options.publicIp === undefined ? {} : { associatePublicIpAddress: options.publicIp }),
  };
}
