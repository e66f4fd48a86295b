import type { ActualServer } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { type Instance, isReservation } from "./answers.ts";
import { ec2List, filters, invalidAnswer, PAGE_SIZE, type Parameters } from "./http.ts";
import { MARK_TAG, NAME_TAG, parseServerId, serverId, tagTexts } from "./names.ts";
import { powerOf } from "./power-words.ts";
import type { AwsOptions } from "./schemas.ts";

/** Instances of a region. Terminated ones stay on EC2's lists for about an hour: they are gone, and left out. */
export async function instancesIn(
  call: Call,
  region: string,
  parameters: Parameters,
  pageSize?: number,
): Promise<Instance[]> {
  const reservations = await ec2List(call, region, "DescribeInstances", {
    list: "reservationSet",
    isItem: isReservation,
    parameters,
    ...(pageSize ? { pageSize } : {}),
  });
  return reservations
    .flatMap(({ instancesSet }) => instancesSet)
    .filter(({ instanceState }) => instanceState.name !== "terminated");
}

export function allInstances(call: Call, region: string): Promise<Instance[]> {
  return instancesIn(call, region, {}, PAGE_SIZE);
}

/** Also those still being made, and none on its way out. */
export async function markedInstances(call: Call, region: string, mark: string): Promise<Instance[]> {
  const found = await instancesIn(call, region, filters({ [`tag:${MARK_TAG}`]: [mark] }), PAGE_SIZE);
  return found.filter(({ tagSet, instanceState }) => markIn(tagSet) === mark && instanceState.name !== "shutting-down");
}

/** One instance, or undefined when EC2 says that it is gone. @throws {FleetError} FLEET_INVALID for an id that is none. */
export async function instanceOf(id: string, call: Call): Promise<{ region: string; instance: Instance } | undefined> {
  const { region, instance: instanceId } = partsOf(id);
  const parameters = { "InstanceId.1": instanceId };
  const reservations = await ec2List(call, region, "DescribeInstances", {
    list: "reservationSet",
    isItem: isReservation,
    parameters,
  }).catch((error: unknown) => {
    if (error instanceof FleetError && error.code === "NOT_FOUND") return undefined;
    throw error;
  });
  if (!reservations) return undefined;
  const instance = reservations
    .flatMap(({ instancesSet }) => instancesSet)
    .find((each) => each.instanceId === instanceId);
  if (!instance) throw invalidAnswer(call, "DescribeInstances", "it is not the instance asked for");
  return instance.instanceState.name === "terminated" ? undefined : { region, instance };
}

export function partsOf(id: string): { region: string; instance: string } {
  const parts = parseServerId(id);
  if (parts) return parts;
  throw new FleetError("FLEET_INVALID", `"${id}" is no id of an EC2 instance: these are REGION/i-…`, {
    cloud: "aws",
    server: id,
  });
}

const markIn = (tags: Instance["tagSet"]) => tags?.find(({ key }) => key === MARK_TAG)?.value;

export function actual(region: string, instance: Instance): ActualServer {
  const { tagSet = [], cpuOptions, launchTime, monitoring } = instance;
  const mark = markIn(tagSet);
  const cores = Number(cpuOptions?.coreCount) * Number(cpuOptions?.threadsPerCore);
  const ipv6 = ipv6Of(instance);
  return {
    id: serverId(region, instance.instanceId),
    name: tagSet.find(({ key }) => key === NAME_TAG)?.value ?? "",
    ...(mark ? { mark } : {}),
    power: powerOf(instance.instanceState.name),
    status: instance.instanceState.name,
    ...(instance.instanceType ? { size: instance.instanceType } : {}),
    region,
    ...(instance.imageId ? { image: instance.imageId } : {}),
    ipv4: [instance.ipAddress, instance.privateIpAddress].filter(isAddress),
    ipv6,
    ...(Number.isInteger(cores) && cores > 0 ? { vcpus: cores } : {}),
    tags: tagTexts(tagSet),
    ...(monitoring ? { monitoring: ["enabled", "pending"].includes(monitoring.state) } : {}),
    ipv6Enabled: ipv6.length > 0,
    ...(launchTime ? { createdAt: new Date(launchTime).toISOString() } : {}),
    options: optionsOf(instance),
  };
}

/** Public before private; an element without text is no address. */
const isAddress = (address: string | undefined): address is string => address !== undefined && address !== "";

function ipv6Of({ ipv6Address, networkInterfaceSet }: Instance): string[] {
  const all = (networkInterfaceSet ?? []).flatMap(({ ipv6AddressesSet }) => ipv6AddressesSet ?? []);
  return [...new Set([ipv6Address, ...all.map((each) => each.ipv6Address)])].filter(isAddress);
}

function optionsOf({ subnetId, groupSet }: Instance): AwsOptions & Record<string, unknown> {
  const groups = (groupSet ?? []).map(({ groupId }) => groupId).sort();
  return { ...(subnetId ? { subnet: subnetId } : {}), ...(groups.length > 0 ? { securityGroups: groups } : {}) };
}
