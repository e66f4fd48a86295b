import type { Call } from "../cloud.ts";
import type { ScriptField, Showcase, ShownImage, ShownRegion, ShownScript, ShownSize } from "../showcase.ts";
import {
  type Image,
  isImage,
  isRegion,
  isStackScript,
  isType,
  type LinodeType,
  type Region,
  type StackScript,
  type UserDefinedField,
} from "./answers.ts";
import { isOpen, readScarcity } from "./catalog.ts";
import { linodeList } from "./http.ts";

/** What Linode sells, for whoever chooses. */
export const showcase = {
  sizes: readSizes,
  images: async (call) => (await linodeList<Image>(call, "/v4/images", isImage)).filter(isReady).map(shownImage),
  regions: async (call) => (await linodeList<Region>(call, "/v4/regions", isRegion)).map(shownRegion),
  scripts: async (call) =>
    // The public ones are thousands, anybody's, and change by the hour.
    (await linodeList<StackScript>(call, "/v4/linode/stackscripts", isStackScript, { mine: true })).map(shownScript),
} satisfies Showcase;

async function readSizes(call: Call): Promise<ShownSize[]> {
  const [types, regions, soldOut] = await Promise.all([
    linodeList<LinodeType>(call, "/v4/linode/types", isType),
    linodeList<Region>(call, "/v4/regions", isRegion),
    readScarcity(call),
  ]);
  const open = regions.filter(isOpen).map(({ id }) => id);
  return types.map(({ id, label, vcpus, memory, disk, transfer, price }) => ({
    id,
    label,
    vcpus,
    memoryMiB: memory,
    diskGiB: Math.round(disk / 1024),
    transferGiB: transfer ?? 0,
    perHourMicro: Math.round(price.hourly * 1e6),
    perMonthMicro: Math.round(price.monthly * 1e6),
    regions: open.filter((region) => !soldOut.get(id)?.some((one) => one.region === region)),
  }));
}

const isReady = ({ deprecated, status = "available" }: Image): boolean => !deprecated && status === "available";

function shownImage({ id, label, description, vendor, size, is_public: isPublic = true }: Image): ShownImage {
  return {
    id,
    slug: id,
    label,
    description: description ?? "",
    distribution: vendor ?? "",
    isPublic,
    minDiskGiB: Math.ceil(size / 1024),
    kind: isPublic ? "distribution" : "custom",
  };
}

const shownRegion = (region: Region): ShownRegion => ({
  id: region.id,
  label: region.label,
  isAvailable: isOpen(region),
  capabilities: region.capabilities ?? [],
});

function shownScript({ id, label, description, is_public: isPublic, images, ...rest }: StackScript): ShownScript {
  return {
    id,
    label,
    description: description ?? "",
    isPublic: isPublic ?? false,
    images: images ?? [],
    fields: (rest.user_defined_fields ?? []).map(shownField),
  };
}

/** Choices are one text with commas. */
function shownField({ name, label, default: usual, example, ...choice }: UserDefinedField): ScriptField {
  const choices = (text: string | null | undefined) => (text ? text.split(",").map((choice) => choice.trim()) : []);
  return {
    name,
    label,
    default: usual ?? "",
    example: example ?? "",
    oneOf: choices(choice.oneof ?? choice.oneOf),
    manyOf: choices(choice.manyof ?? choice.manyOf),
    isRequired: usual === undefined || usual === null,
  };
}
