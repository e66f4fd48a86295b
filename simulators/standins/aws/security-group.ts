import type { SecurityGroupArgs } from "@pulumi/aws/ec2/securityGroup.js";
import type { XmlElement } from "../../../resources/aws/xml.ts";
import { PartialCreation, type PropertyMap } from "../../../resources/plugin/handler.ts";
import { changedNames } from "../diff.ts";
import type { Field, Fields } from "../fields.ts";
import type { StandinType } from "../resource.ts";
import { pluginError } from "../wire.ts";
import { type AwsClient, AwsError, type Form, step, tagSpecification } from "./client.ts";
import { atoms, difference, permissionForm, rulesIn } from "./group-rules.ts";
import { text } from "./instance-state.ts";
import { retag, tagsIn, tagsOf } from "./tags.ts";

/** Between two attempts to delete a group that something uses. */
const IN_USE_MS = 5_000;

const RULE: Fields = {
  cidrBlocks: { type: "string[]", set: true },
  description: { type: "string" },
  fromPort: { type: "integer", required: true },
  ipv6CidrBlocks: { type: "string[]", set: true },
  prefixListIds: { type: "string[]", unsupported: true },
  protocol: { type: "string", required: true },
  securityGroups: { type: "string[]", unsupported: true },
  self: { type: "boolean" },
  toPort: { type: "integer", required: true },
};

const FIELDS = {
  description: { type: "string", default: "Managed by Pulumi", replace: true },
  egress: { type: { list: RULE }, set: true, computed: true },
  ingress: { type: { list: RULE }, set: true, computed: true },
  // The real plugin makes a name up where none is declared; the stand-in asks for one.
  name: { type: "string", required: true, replace: true },
  region: { type: "string", computed: true, replace: true },
  revokeRulesOnDelete: { type: "boolean", default: false },
  tags: { type: "stringMap" },
  vpcId: { type: "string", computed: true, replace: true },
} as const satisfies Partial<Record<keyof SecurityGroupArgs, Field>>;

export const securityGroup: StandinType<AwsClient> = {
  type: "aws:ec2/securityGroup:SecurityGroup",
  fields: FIELDS,
  computed: ["arn", "namePrefix", "ownerId", "tagsAll"],
  marksDefaults: true,
  timeouts: { create: 600, update: 1200, delete: 900 },
  metaTimeouts: ["create", "delete"],
  schemaVersion: "1",

  async create(client, inputs, { signal }) {
    const region = text(inputs.region) || client.region;
    const name = text(inputs.name);
    const form = {
      GroupName: name,
      GroupDescription: text(inputs.description),
      ...(typeof inputs.vpcId === "string" ? { VpcId: inputs.vpcId } : {}),
      ...tagSpecification("security-group", tagsOf(inputs.tags)),
    };
    const made = await step(
      `creating Security Group (${name})`,
      client.ec2(region, "CreateSecurityGroup", form, signal),
    );
    const id = text(made.groupId);
    try {
      await untilSeen(client, region, id, signal);
      await closeEgress(client, region, id, signal);
      await applyRules(client, region, id, {}, inputs, signal);
      return { id, outputs: await existing(client, region, id, inputs, signal) };
    } catch (error) {
      throw new PartialCreation(id, { ...inputs, region }, [(error as Error).message], { cause: error });
    }
  },

  async read(client, id, state, signal) {
    const region = text(state.region) || client.region;
    const found = await step(`reading Security Group (${id})`, find(client, region, id, signal));
    return found && outputsOf(client, region, found, state);
  },

  async update(client, id, state, news, { signal }) {
    const region = text(state.region) || client.region;
    const changed = changedNames(FIELDS, state, news);
    if (changed.has("tags")) await retag(client, region, id, tagsOf(state.tags), tagsOf(news.tags), signal);
    await step(`updating Security Group (${id})`, applyRules(client, region, id, state, news, signal));
    return existing(client, region, id, news, signal);
  },

  async delete(client, id, state, caller) {
    const signal = AbortSignal.any([caller, AbortSignal.timeout(this.timeouts.delete * 1000)]);
    const region = text(state.region) || client.region;
    const cards = { "Filter.1.Name": "group-id", "Filter.1.Value.1": id };
    await client.ec2(region, "DescribeNetworkInterfaces", cards, signal);
    for (;;) {
      try {
        await client.ec2(region, "DeleteSecurityGroup", { GroupId: id }, signal);
        return;
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        if (/^InvalidGroup(Id)?\.NotFound$/.test(error.word)) return;
        if (!["DependencyViolation", "InvalidGroup.InUse"].includes(error.word))
          await step(`deleting Security Group (${id})`, Promise.reject(error));
        await client.waits.wait(IN_USE_MS, signal);
      }
    }
  },
};

/** A fresh group lets everything out; the plugin takes that away, so that nobody has it unawares. */
async function closeEgress(client: AwsClient, region: string, id: string, signal: AbortSignal): Promise<void> {
  const all = (range: Form): Form => ({
    GroupId: id,
    "IpPermissions.1.FromPort": 0,
    "IpPermissions.1.ToPort": 0,
    "IpPermissions.1.IpProtocol": "-1",
    ...range,
  });
  const ipv4 = client.ec2(
    region,
    "RevokeSecurityGroupEgress",
    all({ "IpPermissions.1.IpRanges.1.CidrIp": "0.0.0.0/0" }),
    signal,
  );
  await step(`revoking default IPv4 egress rule for Security Group (${id})`, ipv4);
  try {
    await client.ec2(
      region,
      "RevokeSecurityGroupEgress",
      all({ "IpPermissions.1.Ipv6Ranges.1.CidrIpv6": "::/0" }),
      signal,
    );
  } catch (error) {
    const none =
      error instanceof AwsError && ["InvalidPermission.NotFound", "InvalidParameterValue"].includes(error.word);
    if (!none) await step(`revoking default IPv6 egress rule for Security Group (${id})`, Promise.reject(error));
  }
}

/** Block by block: what is no longer declared is revoked first, then what is new is authorized. */
async function applyRules(
  client: AwsClient,
  region: string,
  id: string,
  before: PropertyMap,
  after: PropertyMap,
  signal: AbortSignal,
): Promise<void> {
  for (const [name, way] of [
    ["ingress", "Ingress"],
    ["egress", "Egress"],
  ] as const) {
    if (after[name] === undefined) continue;
    const [old, wanted] = [atoms(before[name]), atoms(after[name])];
    for (const [verb, rules] of [
      ["Revoke", difference(old, wanted)],
      ["Authorize", difference(wanted, old)],
    ] as const)
      if (rules.length > 0)
        await client.ec2(region, `${verb}SecurityGroup${way}`, { GroupId: id, ...permissionForm(rules) }, signal);
  }
}

async function find(
  client: AwsClient,
  region: string,
  id: string,
  signal: AbortSignal,
): Promise<XmlElement | undefined> {
  try {
    const { securityGroupInfo } = await client.ec2(region, "DescribeSecurityGroups", { "GroupId.1": id }, signal);
    return (securityGroupInfo as XmlElement[])[0];
  } catch (error) {
    if (error instanceof AwsError && /^InvalidGroup(Id)?\.NotFound$/.test(error.word)) return undefined;
    throw error;
  }
}

async function untilSeen(client: AwsClient, region: string, id: string, signal: AbortSignal): Promise<void> {
  while (!(await find(client, region, id, signal))) await client.waits.wait(1_000, signal);
}

async function existing(
  client: AwsClient,
  region: string,
  id: string,
  known: PropertyMap,
  signal: AbortSignal,
): Promise<PropertyMap> {
  const found = await find(client, region, id, signal);
  if (!found) throw pluginError(`reading Security Group (${id}): couldn't find resource`);
  return outputsOf(client, region, found, known);
}

function outputsOf(client: AwsClient, region: string, group: XmlElement, known: PropertyMap): PropertyMap {
  const tags = tagsIn(group);
  return {
    arn: `arn:aws:ec2:${region}:${client.accountId}:security-group/${text(group.groupId)}`,
    description: text(group.groupDescription),
    egress: rulesIn(group.ipPermissionsEgress, known.egress),
    ingress: rulesIn(group.ipPermissions, known.ingress),
    name: text(group.groupName),
    namePrefix: "",
    ownerId: text(group.ownerId),
    region,
    revokeRulesOnDelete: known.revokeRulesOnDelete ?? false,
    tags,
    tagsAll: tags,
    vpcId: text(group.vpcId),
  };
}
