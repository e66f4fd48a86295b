import { randomUUID } from "node:crypto";
import type { InstanceArgs } from "@pulumi/aws/ec2/instance.js";
import type { XmlElement } from "../../../resources/aws/xml.ts";
import { PartialCreation, type PropertyMap, type PropertyValue } from "../../../resources/plugin/handler.ts";
import { isMap } from "../../../resources/plugin/paths.ts";
import { changedNames } from "../diff.ts";
import type { Field } from "../fields.ts";
import type { StandinType } from "../resource.ts";
import { pluginError } from "../wire.ts";
import { type AwsClient, AwsError, type Form, numbered, step, tagSpecification } from "./client.ts";
import { instanceOutputs, text } from "./instance-state.ts";
import { retag, tagsOf } from "./tags.ts";
import { findInstance, untilState } from "./waiting.ts";

const ROOT = { volumeSize: { type: "integer", computed: true } } as const;

/** Of the real plugin's inputs those that a fleet declares; the installed package's types say that there are such. */
const FIELDS = {
  ami: { type: "string", computed: true, replace: true },
  associatePublicIpAddress: { type: "boolean", computed: true, replace: true },
  forceDestroy: { type: "boolean", default: false },
  getPasswordData: { type: "boolean", default: false },
  // The plugin asks for the processors of both, and makes another machine where they have none in common.
  instanceType: { type: "string", computed: true, replace: (before, after) => processor(before) !== processor(after) },
  ipv6AddressCount: { type: "integer", computed: true, replace: true },
  keyName: { type: "string", computed: true, replace: true },
  monitoring: { type: "boolean", computed: true },
  region: { type: "string", computed: true, replace: true },
  rootBlockDevice: { type: { object: ROOT }, computed: true },
  sourceDestCheck: { type: "boolean", default: true },
  subnetId: { type: "string", computed: true, replace: true },
  tags: { type: "stringMap" },
  userData: { type: "string", computed: true },
  userDataReplaceOnChange: { type: "boolean", default: false },
  vpcSecurityGroupIds: { type: "string[]", set: true, computed: true },
} as const satisfies Partial<Record<keyof InstanceArgs, Field>>;

const COMPUTED = [
  "arn",
  "availabilityZone",
  "cpuOptions",
  "creditSpecification",
  "disableApiStop",
  "disableApiTermination",
  "ebsBlockDevices",
  "ebsOptimized",
  "enclaveOptions",
  "ephemeralBlockDevices",
  "hibernation",
  "hostId",
  "iamInstanceProfile",
  "instanceInitiatedShutdownBehavior",
  "instanceLifecycle",
  "instanceState",
  "ipv6Addresses",
  "metadataOptions",
  "outpostArn",
  "passwordData",
  "placementGroup",
  "placementPartitionNumber",
  "primaryNetworkInterfaceId",
  "privateDns",
  "privateIp",
  "publicDns",
  "publicIp",
  "secondaryPrivateIps",
  "securityGroups",
  "spotInstanceRequestId",
  "tagsAll",
  "tenancy",
  "userDataBase64",
  "volumeTags",
] as const;

export const instance: StandinType<AwsClient> = {
  type: "aws:ec2/instance:Instance",
  fields: FIELDS,
  computed: COMPUTED,
  marksDefaults: true,
  timeouts: { create: 600, update: 600, delete: 1200 },
  metaTimeouts: ["create", "delete", "update"],
  schemaVersion: "2",

  validate: (inputs) =>
    inputs.ami === undefined ? [{ path: "ami", reason: "one of `ami,launch_template` must be specified" }] : [],

  async create(client, inputs, { signal }) {
    const region = regionOf(client, inputs);
    const form = await runForm(client, region, inputs, signal);
    const run = client.ec2(region, "RunInstances", form, signal);
    const [made] = (await step("creating EC2 Instance", run)).instancesSet as XmlElement[];
    const id = text(made?.instanceId);
    if (id === "") throw pluginError("the official aws plugin crashes on an answer without an instance");
    try {
      await step(
        `waiting for EC2 Instance (${id}) create`,
        untilState(client, region, id, "running", ["pending"], signal),
      );
      if (inputs.monitoring === true) await client.ec2(region, "MonitorInstances", { "InstanceId.1": id }, signal);
      return { id, outputs: await readAll(client, region, id, inputs, signal) };
    } catch (error) {
      throw new PartialCreation(id, { ...inputs, region }, [(error as Error).message], { cause: error });
    }
  },

  async read(client, id, state, signal) {
    const region = regionOf(client, state);
    const found = await step(`reading EC2 Instance (${id})`, findInstance(client, region, id, signal));
    return found && instanceOutputs(client, region, found, state, signal);
  },

  async update(client, id, state, news, { signal }) {
    const region = regionOf(client, state);
    const changed = changedNames(FIELDS, state, news);
    const unsupported = [...changed].find(
      (name) => !["tags", "vpcSecurityGroupIds", "instanceType", "monitoring"].includes(name),
    );
    if (unsupported)
      throw pluginError(
        `the stand-in of the official aws plugin does not change ${unsupported} of an instance; the real one does`,
      );
    if (changed.has("tags")) await retag(client, region, id, tagsOf(state.tags), tagsOf(news.tags), signal);
    if (changed.has("vpcSecurityGroupIds")) await regroup(client, region, id, news, signal);
    if (changed.has("instanceType"))
      await step(`updating EC2 Instance (${id}) type`, resize(client, region, id, news, signal));
    if (changed.has("monitoring")) {
      const action = news.monitoring === true ? "MonitorInstances" : "UnmonitorInstances";
      await step("Error updating Instance monitoring", client.ec2(region, action, { "InstanceId.1": id }, signal));
    }
    return readAll(client, region, id, news, signal);
  },

  async delete(client, id, state, caller) {
    const signal = AbortSignal.any([caller, AbortSignal.timeout(this.timeouts.delete * 1000)]);
    const region = regionOf(client, state);
    const protection = { InstanceId: id, "DisableApiTermination.Value": false };
    // The plugin goes on whatever comes of it.
    await client.ec2(region, "ModifyInstanceAttribute", protection, signal).catch((error: unknown) => {
      if (!(error instanceof AwsError)) throw error;
    });
    try {
      await client.ec2(region, "TerminateInstances", { "InstanceId.1": id }, signal);
    } catch (error) {
      if (error instanceof AwsError && error.word === "InvalidInstanceID.NotFound") return;
      await step(`terminating EC2 Instance (${id})`, Promise.reject(error));
    }
    const pending = ["pending", "running", "shutting-down", "stopped", "stopping"];
    await step(
      `waiting for EC2 Instance (${id}) delete`,
      untilState(client, region, id, "terminated", pending, signal),
    );
  },
};

function regionOf(client: AwsClient, values: PropertyMap): string {
  return text(values.region) || client.region;
}

async function readAll(
  client: AwsClient,
  region: string,
  id: string,
  known: PropertyMap,
  signal: AbortSignal,
): Promise<PropertyMap> {
  const found = await findInstance(client, region, id, signal);
  if (!found) throw pluginError(`reading EC2 Instance (${id}): couldn't find resource`);
  return instanceOutputs(client, region, found, known, signal);
}

async function runForm(client: AwsClient, region: string, inputs: PropertyMap, signal: AbortSignal): Promise<Form> {
  const { associatePublicIpAddress: publicIp, ipv6AddressCount: ipv6, subnetId, userData, keyName } = inputs;
  const groups = list(inputs.vpcSecurityGroupIds);
  // With a say about the public address, the network is told as an interface.
  const card = publicIp === undefined ? "" : "NetworkInterface.1.";
  const network = {
    ...(typeof publicIp === "boolean"
      ? { [`${card}DeviceIndex`]: 0, [`${card}AssociatePublicIpAddress`]: publicIp }
      : {}),
    ...(typeof subnetId === "string" ? { [`${card}SubnetId`]: subnetId } : {}),
    ...(typeof ipv6 === "number" ? { [`${card}Ipv6AddressCount`]: ipv6 } : {}),
    ...numbered(`${card}SecurityGroupId`, groups),
  };
  return {
    ...(await rootDevice(client, region, inputs, signal)),
    ClientToken: `terraform-${randomUUID().replaceAll("-", "")}`,
    ImageId: text(inputs.ami),
    InstanceType: text(inputs.instanceType),
    ...(typeof keyName === "string" ? { KeyName: keyName } : {}),
    MaxCount: 1,
    MinCount: 1,
    "Monitoring.Enabled": inputs.monitoring === true,
    ...network,
    ...tagSpecification("instance", tagsOf(inputs.tags)),
    ...(typeof userData === "string" ? { UserData: Buffer.from(userData).toString("base64") } : {}),
  };
}

/** The plugin looks up what the image calls its root. */
async function rootDevice(client: AwsClient, region: string, inputs: PropertyMap, signal: AbortSignal): Promise<Form> {
  const root = inputs.rootBlockDevice;
  if (root === undefined || root === null || typeof root !== "object" || !isMap(root)) return {};
  const { imagesSet } = await client.ec2(region, "DescribeImages", { "ImageId.1": text(inputs.ami) }, signal);
  const [image] = imagesSet as XmlElement[];
  return {
    "BlockDeviceMapping.1.DeviceName": text(image?.rootDeviceName),
    "BlockDeviceMapping.1.Ebs.DeleteOnTermination": true,
    ...(typeof root.volumeSize === "number" ? { "BlockDeviceMapping.1.Ebs.VolumeSize": root.volumeSize } : {}),
  };
}

/** Groups belong to the first interface. */
async function regroup(
  client: AwsClient,
  region: string,
  id: string,
  news: PropertyMap,
  signal: AbortSignal,
): Promise<void> {
  const found = await findInstance(client, region, id, signal);
  const [network] = (found?.networkInterfaceSet ?? []) as unknown as XmlElement[];
  const groups = list(news.vpcSecurityGroupIds);
  if (groups.length === 0) throw pluginError("VPC-based instances require at least one security group to be attached.");
  const form = { NetworkInterfaceId: text(network?.networkInterfaceId), ...numbered("SecurityGroupId", groups) };
  const change = client.ec2(region, "ModifyNetworkInterfaceAttribute", form, signal);
  await step(`updating EC2 Instance (${id}): modifying network interface`, change);
}

async function resize(
  client: AwsClient,
  region: string,
  id: string,
  news: PropertyMap,
  signal: AbortSignal,
): Promise<void> {
  await client.ec2(region, "StopInstances", { "InstanceId.1": id }, signal);
  await untilState(client, region, id, "stopped", ["pending", "running", "shutting-down", "stopping"], signal);
  const type = { InstanceId: id, "InstanceType.Value": text(news.instanceType) };
  await client.ec2(region, "ModifyInstanceAttribute", type, signal);
  await client.ec2(region, "StartInstances", { "InstanceId.1": id }, signal);
  await untilState(client, region, id, "running", ["pending", "stopped"], signal);
}

function list(value: PropertyValue | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Graviton types have a `g` behind their generation. */
function processor(type: PropertyValue | undefined): "arm64" | "x86_64" {
  return /^(a1\.|[a-z]+\d+[a-z]*g[a-z]*\.)/.test(text(type)) ? "arm64" : "x86_64";
}
