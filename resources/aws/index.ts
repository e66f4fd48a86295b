import type { Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { readAccess } from "./access.ts";
import { readCatalog } from "./catalog.ts";
import { console } from "./console.ts";
import { firewalls } from "./firewall.ts";
import { gateway } from "./gateway.ts";
import { ENDPOINT, ec2, LIMITS, PAGE_SIZE } from "./http.ts";
import { actual, allInstances, instanceOf, markedInstances } from "./instances.ts";
import { isArm, labelsIn, labelTexts, MARK_TAG, problems, serverId, VALUE_LENGTH } from "./names.ts";
import { POWER_ACTIONS, setPower } from "./power.ts";
import { namedRegions, regionsOf } from "./regions.ts";
import { firewallProblems } from "./rules.ts";
import { accountSchema, serverSchema } from "./schemas.ts";

/** Amazon EC2. @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/ */
export const aws = {
  name: "aws",
  title: "AWS",
  endpoint: ENDPOINT,
  capabilities: {
    inPlace: ["size", "hostname", "labels", "firewalls", "monitoring", "options"],
    createOnly: ["ipv6"],
    power: POWER_ACTIONS,
    firewalls: true,
    sharedPerRegion: true,
    keys: true,
    keysById: true,
    backups: false,
    monitoring: true,
    ipv6: true,
    sizes: true,
    pageSize: PAGE_SIZE,
    mark: { field: `tag ${MARK_TAG}`, maxLength: VALUE_LENGTH, pattern: /^.{1,256}$/ },
  },
  credentials: {
    accessKeyId: { required: true, description: "Access key id of a user that may do what the cloud's README lists" },
    secretAccessKey: { required: true, description: "Its secret access key" },
    sessionToken: { required: false, description: "Session token of temporary credentials" },
  },
  schemas: { account: accountSchema, server: serverSchema },
  limits: LIMITS,

  async *list(call) {
    const read = async (region: string) => (await allInstances(call, region)).map((each) => actual(region, each));
    for (const servers of await Promise.all((await regionsOf(call)).map(read))) yield* servers;
  },

  async observe(id, call) {
    const found = await instanceOf(id, call);
    return found && actual(found.region, found.instance);
  },

  async findByMark(mark, server, call) {
    const regions = [...new Set([server.region, ...(namedRegions(call) ?? [])])];
    const read = async (region: string) =>
      (await markedInstances(call, region, mark)).map((each) => actual(region, each));
    return (await Promise.all(regions.map(read))).flat();
  },

  power: setPower,

  async claim(id, mark, call) {
    const found = await instanceOf(id, call);
    if (!found) throw new FleetError("NOT_FOUND", `there is no instance ${id} to adopt`, { cloud: "aws", server: id });
    const tag = { "Tag.1.Key": MARK_TAG, "Tag.1.Value": mark };
    // A key is there once: writing it takes the place of another mark.
    const resource = { "ResourceId.1": found.instance.instanceId };
    await ec2(call, found.region, "CreateTags", { ...resource, ...tag }, { idempotent: true });
  },

  catalog: readCatalog,
  access: readAccess,
  console,
  firewalls,

  expect(server, mark) {
    return {
      name: server.hostname,
      size: server.size,
      region: server.region,
      tags: [...labelTexts(server.labels), mark].sort(),
      monitoring: server.monitoring,
      power: server.power,
    };
  },

  labelsOf: (server) => labelsIn(server.tags, server.mark),
  problems,
  firewallProblems,
  // The plugin makes another machine where the processor is another; its image has to be another, too.
  mustReplace: (before, after) => (isArm(before.size) === isArm(after.size) ? [] : ["size"]),
  idOf: (resourceId, server) => serverId(server.region, resourceId),

  async declarations() {
    return (await import("./declare.ts")).declarations;
  },

  group(_server, identity) {
    return [{ type: "aws:ec2/instance:Instance", name: identity }];
  },

  shared(object, identity) {
    if (object.kind === "SshKey") return { type: "aws:ec2/keyPair:KeyPair", name: `key.${identity}` };
    return { type: "aws:ec2/securityGroup:SecurityGroup", name: `firewall.${identity}` };
  },

  gateway,
} satisfies Cloud;
