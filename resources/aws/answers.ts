import { isElement } from "./xml.ts";

/** The fields of EC2's answers that we read; all texts. @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html */
export interface Instance {
  instanceId: string;
  instanceState: { name: string };
  instanceType?: string;
  imageId?: string;
  keyName?: string;
  launchTime?: string;
  ipAddress?: string;
  privateIpAddress?: string;
  ipv6Address?: string;
  subnetId?: string;
  monitoring?: { state: string };
  metadataOptions?: { httpTokens?: string };
  cpuOptions?: { coreCount?: string; threadsPerCore?: string };
  tagSet?: Tag[];
  groupSet?: { groupId: string }[];
  networkInterfaceSet?: { ipv6AddressesSet?: { ipv6Address: string }[] }[];
}

export interface Tag {
  key: string;
  value: string;
}

export interface Reservation {
  reservationId: string;
  instancesSet: Instance[];
}

export interface SecurityGroup {
  groupId: string;
  groupName: string;
  ipPermissions: Permission[];
  ipPermissionsEgress: Permission[];
  tagSet?: Tag[];
}

export interface Permission {
  ipProtocol: string;
  fromPort?: string;
  toPort?: string;
  ipRanges?: { cidrIp: string; description?: string }[];
  ipv6Ranges?: { cidrIpv6: string; description?: string }[];
  prefixListIds?: { prefixListId: string }[];
  groups?: { groupId?: string }[];
}

export interface KeyPair {
  keyPairId: string;
  keyName: string;
  keyFingerprint: string;
  tagSet?: Tag[];
}

export interface Region {
  regionName: string;
  optInStatus?: string;
}

export interface InstanceType {
  instanceType: string;
  bareMetal?: string;
  burstablePerformanceSupported?: string;
  vCpuInfo: { defaultVCpus: string };
  memoryInfo: { sizeInMiB: string };
  instanceStorageInfo?: { totalSizeInGB?: string };
  gpuInfo?: { gpus?: { name?: string; count?: string }[] };
}

export interface Image {
  imageId: string;
  name?: string;
  description?: string;
  imageState?: string;
  creationDate?: string;
  architecture?: string;
  isPublic?: string;
  rootDeviceName?: string;
  blockDeviceMapping?: { deviceName?: string; ebs?: { volumeSize?: string } }[];
}

const texts = (value: unknown, ...names: string[]): boolean =>
  isElement(value) && names.every((name) => typeof value[name] === "string" && value[name] !== "");

export const isInstance = (value: unknown): value is Instance =>
  texts(value, "instanceId") && isElement(value) && texts(value.instanceState, "name");

export const isReservation = (value: unknown): value is Reservation =>
  isElement(value) && Array.isArray(value.instancesSet) && value.instancesSet.every(isInstance);

export const isSecurityGroup = (value: unknown): value is SecurityGroup =>
  texts(value, "groupId", "groupName") &&
  isElement(value) &&
  Array.isArray(value.ipPermissions) &&
  Array.isArray(value.ipPermissionsEgress);

export const isKeyPair = (value: unknown): value is KeyPair => texts(value, "keyName", "keyPairId");

export const isRegion = (value: unknown): value is Region => texts(value, "regionName");

export const isInstanceType = (value: unknown): value is InstanceType =>
  texts(value, "instanceType") &&
  isElement(value) &&
  texts(value.vCpuInfo, "defaultVCpus") &&
  texts(value.memoryInfo, "sizeInMiB");

export const isOffering = (value: unknown): value is { instanceType: string } => texts(value, "instanceType");

export const isImage = (value: unknown): value is Image => texts(value, "imageId");
