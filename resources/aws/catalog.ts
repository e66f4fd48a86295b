import type { Catalog, CatalogImage, CatalogSize } from "../catalog.ts";
import type { Call } from "../cloud.ts";
import { type Image, type InstanceType, isImage, isInstanceType, isOffering } from "./answers.ts";
import { ec2List, filters, listed, type Parameters } from "./http.ts";
import { pricesIn } from "./prices.ts";
import { enabledRegions, namedRegions } from "./regions.ts";
import type { AwsAccountOptions } from "./schemas.ts";

/** Types that one request may name, and the largest page of them. */
const TYPES_AT_ONCE = 100;

type Architecture = "x86_64" | "arm64";
const debianOf = (architecture: Architecture): string => (architecture === "arm64" ? "arm64" : "amd64");

/** The newest image of each is on sale: everybody's start, in each region under another id, and in all under the public parameter that names it. */
const FAMILIES: { title: string; owner: string; name: string; parameter(architecture: Architecture): string }[] = [
  {
    title: "Amazon Linux 2023",
    owner: "amazon",
    name: "al2023-ami-2023.*-kernel-*",
    parameter: (architecture) => `ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`,
  },
  ...["12", "13"].map((release) => ({
    title: `Debian ${release}`,
    owner: "136693071363",
    name: `debian-${release}-*`,
    parameter: (architecture: Architecture) => `debian/release/${release}/latest/${debianOf(architecture)}`,
  })),
  ...[
    { release: "22.04", word: "jammy", disk: "gp2" },
    { release: "24.04", word: "noble", disk: "gp3" },
  ].map(({ release, word, disk }) => ({
    title: `Ubuntu ${release}`,
    owner: "099720109477",
    name: `ubuntu/images/hvm-ssd*/ubuntu-${word}-${release}-*-server-*`,
    parameter: (architecture: Architecture) =>
      `canonical/ubuntu/server/${release}/stable/current/${debianOf(architecture)}/hvm/ebs-${disk}/ami-id`,
  })),
];

export async function readCatalog(call: Call): Promise<Catalog> {
  const named = namedRegions(call);
  const all = (await enabledRegions(call)).map(({ regionName }) => regionName);
  const regions = named === undefined ? all : all.filter((region) => named.includes(region));
  const {
    imageOwners = ["self"],
    prices = false,
    priceRegions = regions,
  }: AwsAccountOptions = call.account.spec.options;
  const [sizes, ...images] = await Promise.all([
    sizesIn(call, regions, prices ? regions.filter((region) => priceRegions.includes(region)) : []),
    ...regions.map((region) => imagesIn(call, region, imageOwners)),
  ]);
  return {
    sizes,
    regions: all.map((name) => ({ name, title: name, available: regions.includes(name) })),
    images: acrossRegions(images.flat()),
    readAt: new Date().toISOString(),
  };
}

/** Which types a region sells is a short list; what they are is long and the same everywhere, so it is read once. */
async function sizesIn(call: Call, regions: readonly string[], priced: readonly string[]): Promise<CatalogSize[]> {
  const sold = new Map<string, string[]>();
  const offered = await Promise.all(regions.map((region) => offeringsIn(call, region)));
  for (const [index, types] of offered.entries())
    for (const type of types) sold.set(type, [...(sold.get(type) ?? []), regions[index]!]);

  const details = new Map<string, InstanceType>();
  for (const [index, region] of regions.entries()) {
    const missing = offered[index]!.filter((type) => !details.has(type));
    for (let at = 0; at < missing.length; at += TYPES_AT_ONCE) {
      const parameters = listed("InstanceType", missing.slice(at, at + TYPES_AT_ONCE));
      for (const type of await typesIn(call, region, parameters)) details.set(type.instanceType, type);
    }
  }
  const prices = priced.length > 0 ? await pricesIn(call, priced) : undefined;
  return [...sold.entries()].flatMap(([name, places]) => {
    const type = details.get(name);
    return type ? [{ ...sizeOf(type), ...prices?.(name, places), regions: places }] : [];
  });
}

async function offeringsIn(call: Call, region: string): Promise<string[]> {
  const offerings = await ec2List(call, region, "DescribeInstanceTypeOfferings", {
    list: "instanceTypeOfferingSet",
    isItem: isOffering,
    parameters: { LocationType: "region" },
    pageSize: 1_000,
  });
  return [...new Set(offerings.map(({ instanceType }) => instanceType))].sort();
}

function typesIn(call: Call, region: string, parameters: Parameters): Promise<InstanceType[]> {
  return ec2List(call, region, "DescribeInstanceTypes", {
    list: "instanceTypeSet",
    isItem: isInstanceType,
    parameters,
  });
}

function sizeOf(type: InstanceType): CatalogSize {
  const gpus = type.gpuInfo?.gpus ?? [];
  const memoryMiB = Number(type.memoryInfo.sizeInMiB);
  const vcpus = Number(type.vCpuInfo.defaultVCpus);
  const shared = type.burstablePerformanceSupported === "true";
  const kind = type.bareMetal === "true" ? "metal" : gpus.length > 0 ? "gpu" : shared ? "shared" : "dedicated";
  return {
    name: type.instanceType,
    title: `${type.instanceType} (${vcpus} vCPU, ${memoryMiB / 1024} GiB)`,
    kind,
    vcpus,
    memoryMiB,
    // Disks of its own; a root volume is as large as the image or `provider.rootDiskGiB` says.
    diskGiB: Number(type.instanceStorageInfo?.totalSizeInGB ?? 0),
    ...(gpus.length > 0 ? { gpus: gpus.reduce((sum, { count }) => sum + Number(count ?? 1), 0) } : {}),
    ...(gpus[0]?.name ? { gpuType: gpus[0].name } : {}),
    currency: "USD",
  };
}

async function imagesIn(call: Call, region: string, owners: readonly string[]): Promise<CatalogImage[]> {
  const read = (owner: string, parameters: Parameters) =>
    ec2List(call, region, "DescribeImages", {
      list: "imagesSet",
      isItem: isImage,
      parameters: { "Owner.1": owner, ...parameters },
    });
  const [families, own] = await Promise.all([
    Promise.all(
      FAMILIES.map(async ({ title, owner, name, parameter }) =>
        newest(
          await read(owner, filters({ name: [name], state: ["available"], architecture: ["x86_64", "arm64"] })),
        ).flatMap((image) => {
          const found = imageOf(region, image);
          const alias = `resolve:ssm:/aws/service/${parameter(image.architecture === "arm64" ? "arm64" : "x86_64")}`;
          return [
            { ...found, title: `${title} (${image.architecture}, ${region})` },
            { ...found, name: alias, title: `${title} (${image.architecture}, the newest)` },
          ];
        }),
      ),
    ),
    Promise.all(owners.map((owner) => read(owner, filters({ state: ["available"] })))),
  ]);
  const named = new Map(
    [...own.flat().map((image) => imageOf(region, image)), ...families.flat()].map((image) => [image.name, image]),
  );
  return [...named.values()];
}

/** One entry for what has the same name in several regions. */
function acrossRegions(images: readonly CatalogImage[]): CatalogImage[] {
  const byName = new Map<string, CatalogImage>();
  for (const image of images) {
    const before = byName.get(image.name);
    const regions = [...new Set([...(before?.regions ?? []), ...(image.regions ?? [])])];
    byName.set(image.name, { ...image, ...before, regions });
  }
  return [...byName.values()];
}

/** One for each architecture. */
function newest(images: readonly Image[]): Image[] {
  const latest = new Map<string, Image>();
  for (const image of images) {
    const { architecture = "", creationDate = "" } = image;
    if (creationDate > (latest.get(architecture)?.creationDate ?? "")) latest.set(architecture, image);
  }
  return [...latest.values()];
}

function imageOf(region: string, image: Image): CatalogImage {
  const { blockDeviceMapping = [], rootDeviceName } = image;
  const root = blockDeviceMapping.find(({ deviceName }) => deviceName === rootDeviceName);
  return {
    name: image.imageId,
    title: image.name ?? image.description ?? image.imageId,
    ...(root?.ebs?.volumeSize ? { minDiskGiB: Number(root.ebs.volumeSize) } : {}),
    visibility: image.isPublic === "true" ? "public" : "private",
    regions: [region],
  };
}
