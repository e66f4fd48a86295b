import type { Instance } from "../../../resources/aws/answers.ts";
import type { XmlElement } from "../../../resources/aws/xml.ts";
import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { AwsClient } from "./client.ts";
import { tagsIn } from "./tags.ts";

/** Reads all that the plugin reads of an instance; `known` is the state or the declared inputs, for what the cloud does not tell. */
export async function instanceOutputs(
  client: AwsClient,
  region: string,
  instance: Instance & XmlElement,
  known: PropertyMap,
  signal: AbortSignal,
): Promise<PropertyMap> {
  const id = instance.instanceId;
  const ask = (action: string, form: Record<string, string>) => client.ec2(region, action, form, signal);
  const attribute = async (name: string) => {
    const answer = await ask("DescribeInstanceAttribute", { InstanceId: id, Attribute: name });
    return (answer[name] as XmlElement | undefined)?.value;
  };
  const types = await ask("DescribeInstanceTypes", { "InstanceType.1": instance.instanceType ?? "" });
  const [type] = types.instanceTypeSet as XmlElement[];
  const root = await rootVolume(client, region, instance, signal);
  const shutdown = await attribute("instanceInitiatedShutdownBehavior");
  const termination = await attribute("disableApiTermination");
  const userData = await attribute("userData");
  const credits =
    type?.burstablePerformanceSupported === "true"
      ? await ask("DescribeInstanceCreditSpecifications", { "InstanceId.1": id })
      : undefined;
  const [credit] = (credits?.instanceCreditSpecificationSet ?? []) as XmlElement[];

  const network = ((instance.networkInterfaceSet ?? []) as unknown as XmlElement[])[0];
  const ipv6 = ((network?.ipv6AddressesSet ?? []) as XmlElement[]).map((each) => String(each.ipv6Address));
  const placement = instance.placement as XmlElement | undefined;
  const options = instance.metadataOptions as XmlElement | undefined;
  const tags = tagsIn(instance);
  return {
    ami: instance.imageId ?? "",
    arn: `arn:aws:ec2:${region}:${client.accountId}:instance/${id}`,
    associatePublicIpAddress: network?.association !== undefined,
    availabilityZone: text(placement?.availabilityZone),
    cpuOptions: null,
    creditSpecification: credit ? { cpuCredits: text(credit.cpuCredits) } : null,
    disableApiStop: false,
    disableApiTermination: termination === "true",
    ebsBlockDevices: [],
    ebsOptimized: instance.ebsOptimized === "true",
    enclaveOptions: { enabled: false },
    ephemeralBlockDevices: [],
    forceDestroy: known.forceDestroy ?? false,
    getPasswordData: known.getPasswordData ?? false,
    hibernation: false,
    hostId: "",
    iamInstanceProfile: "",
    instanceInitiatedShutdownBehavior: text(shutdown),
    instanceLifecycle: "",
    instanceState: instance.instanceState.name,
    instanceType: instance.instanceType ?? "",
    ipv6AddressCount: ipv6.length,
    ipv6Addresses: ipv6,
    keyName: text(instance.keyName),
    metadataOptions: options
      ? {
          httpEndpoint: text(options.httpEndpoint),
          httpProtocolIpv6: text(options.httpProtocolIpv6),
          httpPutResponseHopLimit: Number(options.httpPutResponseHopLimit),
          httpTokens: text(options.httpTokens),
          instanceMetadataTags: text(options.instanceMetadataTags),
        }
      : null,
    monitoring: ["enabled", "pending"].includes(instance.monitoring?.state ?? ""),
    outpostArn: "",
    passwordData: "",
    placementGroup: text(placement?.groupName),
    placementPartitionNumber: 0,
    primaryNetworkInterfaceId: text(network?.networkInterfaceId),
    privateDns: text(instance.privateDnsName),
    privateIp: text(instance.privateIpAddress),
    publicDns: text(instance.dnsName),
    publicIp: text(instance.ipAddress),
    region,
    rootBlockDevice: root,
    secondaryPrivateIps: [],
    securityGroups: groups(network, "groupName"),
    sourceDestCheck: instance.sourceDestCheck !== "false",
    spotInstanceRequestId: "",
    subnetId: text(network?.subnetId ?? instance.subnetId),
    tags,
    tagsAll: tags,
    tenancy: text(placement?.tenancy),
    userData: typeof userData === "string" && userData !== "" ? Buffer.from(userData, "base64").toString("utf8") : null,
    userDataBase64: null,
    userDataReplaceOnChange: known.userDataReplaceOnChange ?? false,
    volumeTags: null,
    vpcSecurityGroupIds: groups(network, "groupId"),
  };
}

function groups(network: XmlElement | undefined, name: "groupId" | "groupName"): string[] {
  return ((network?.groupSet ?? []) as XmlElement[]).map((each) => text(each[name])).sort();
}

async function rootVolume(
  client: AwsClient,
  region: string,
  instance: Instance & XmlElement,
  signal: AbortSignal,
): Promise<PropertyMap | null> {
  const devices = (Array.isArray(instance.blockDeviceMapping) ? instance.blockDeviceMapping : []) as XmlElement[];
  const device = devices.find((each) => each.deviceName === instance.rootDeviceName);
  const ebs = device?.ebs as XmlElement | undefined;
  if (!ebs) return null;
  const { volumeSet } = await client.ec2(region, "DescribeVolumes", { "VolumeId.1": text(ebs.volumeId) }, signal);
  const [volume] = volumeSet as XmlElement[];
  return {
    deleteOnTermination: ebs.deleteOnTermination === "true",
    deviceName: text(device?.deviceName),
    encrypted: volume?.encrypted === "true",
    iops: Number(volume?.iops ?? 0) || 0,
    kmsKeyId: text(volume?.kmsKeyId),
    tags: volume ? tagsIn(volume) : {},
    tagsAll: volume ? tagsIn(volume) : {},
    throughput: Number(volume?.throughput ?? 0) || 0,
    volumeId: text(ebs.volumeId),
    volumeSize: Number(volume?.size ?? 0),
    volumeType: text(volume?.volumeType),
  };
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
