import type { Cloud } from "../../../resources/cloud.ts";
import type {
  Showcase,
  ShownApp,
  ShownImage,
  ShownRegion,
  ShownScript,
  ShownSize,
} from "../../../resources/showcase.ts";
import { isAboutAll, mayAs, type Principal } from "../../people/principal.ts";
import { cloudOf } from "../../reconcile/context.ts";
import { Refusal } from "../dialect/refusal.ts";
import { listOf, oneOf, record } from "../fleet/shapes.ts";
import type { VpsApi } from "./api.ts";
import { type CachePart, cached } from "./cache.ts";
import { type Provider, providerFor } from "./providers.ts";
import { type QueryParameter, type Schema, type VpsRoute, vpsRoute } from "./route.ts";

const text: Schema = { type: "string" };
const whole: Schema = { type: "integer" };
const flag: Schema = { type: "boolean" };

const IMAGE = record({
  id: text,
  slug: text,
  label: text,
  description: text,
  distribution: text,
  public: flag,
  minDiskSize: { ...whole, description: "GB." },
});
const SIZE = record({
  id: text,
  label: text,
  vcpus: whole,
  memory: { ...whole, description: "MB." },
  disk: { ...whole, description: "GB." },
  transfer: { ...whole, description: "GB a month." },
  price: record(
    { hourly: { type: "number" }, monthly: { type: "number" } },
    "US dollars, as the provider's list has it.",
  ),
  regions: { ...listOf(text), description: "That sell it now." },
});
const REGION = record({ id: text, label: text, available: flag, capabilities: listOf(text) });
const APP = record({
  slug: text,
  name: text,
  description: text,
  category: text,
  image_slug: text,
  compatible_images: listOf(text),
});
const SCRIPT = record({
  id: whole,
  label: text,
  description: text,
  public: flag,
  images: listOf(text),
  user_defined_fields: listOf(
    record({
      name: text,
      label: text,
      default: text,
      example: text,
      oneof: listOf(text),
      manyof: listOf(text),
      required: flag,
    }),
  ),
});

/** Answers in the document's words and units. */
const image = ({ id, slug, label, description, distribution, isPublic, minDiskGiB }: ShownImage) => ({
  id,
  slug,
  label,
  description,
  distribution,
  public: isPublic,
  minDiskSize: minDiskGiB,
});
const size = ({ perHourMicro, perMonthMicro, memoryMiB, diskGiB, transferGiB, ...rest }: ShownSize) => ({
  id: rest.id,
  label: rest.label,
  vcpus: rest.vcpus,
  memory: memoryMiB,
  disk: diskGiB,
  transfer: transferGiB,
  price: { hourly: perHourMicro / 1e6, monthly: perMonthMicro / 1e6 },
  regions: rest.regions,
});
const region = ({ id, label, isAvailable, capabilities }: ShownRegion) => ({
  id,
  label,
  available: isAvailable,
  capabilities,
});
const app = ({ slug, name, description, category, image, compatibleImages }: ShownApp) => ({
  slug,
  name,
  description,
  category,
  image_slug: image,
  compatible_images: compatibleImages,
});
const script = ({ id, label, description, isPublic, images, fields }: ShownScript) => ({
  id,
  label,
  description,
  public: isPublic,
  images,
  user_defined_fields: fields.map(({ oneOf, manyOf, isRequired, ...field }) => ({
    ...field,
    oneof: oneOf,
    manyof: manyOf,
    required: isRequired,
  })),
});

const PROVIDER: QueryParameter = {
  name: "provider_id",
  description: "Whose catalogue. Default: the first active provider of this type.",
  schema: { type: "string", format: "uuid" },
};
const IMAGE_TYPES = ["distribution", "application", "custom"] as const;
const TYPE: QueryParameter = {
  name: "type",
  description: "Only these. `custom` are the account's own, for admins alone, and in no other answer.",
  schema: oneOf(...IMAGE_TYPES),
};

interface Query {
  provider_id?: string;
  type?: ShownImage["kind"];
}

/** Images of a provider that somebody may see: its own only for admins who ask for them. @throws {Refusal} */
export async function imagesOf(
  api: VpsApi,
  provider: Provider,
  principal: Principal,
  type: ShownImage["kind"] | undefined,
  signal: AbortSignal,
): Promise<ShownImage[]> {
  if (type === "custom" && !(mayAs(principal, "admin") && isAboutAll(principal)))
    throw new Refusal("forbidden", "images of the account's own are for admins", { field: "type" });
  const all = await listed(api, provider, "images", signal, "images");
  return all.filter(({ kind }) => (type === undefined ? kind !== "custom" : kind === type));
}

/** Applications of a provider, for whoever makes a server of one. @throws {Refusal} */
export const appsOf = async (api: VpsApi, provider: Provider, signal: AbortSignal): Promise<ShownApp[]> =>
  await listed(api, provider, "marketplace", signal, "apps");

/** Start scripts of a provider, for whoever makes a server with one. @throws {Refusal} */
export const scriptsOf = async (api: VpsApi, provider: Provider, signal: AbortSignal): Promise<ShownScript[]> =>
  await listed(api, provider, "stackscripts", signal, "scripts");

/** Sizes of a provider with their list prices. @throws {Refusal} */
export const sizesOf = async (api: VpsApi, provider: Provider, signal: AbortSignal): Promise<ShownSize[]> =>
  await listed(api, provider, "plans", signal, "sizes");

type Lists = { [Name in keyof Showcase]-?: Awaited<ReturnType<NonNullable<Showcase[Name]>>> };

async function listed<Name extends keyof Showcase>(
  { controller }: VpsApi,
  provider: Provider,
  part: CachePart,
  signal: AbortSignal,
  name: Name,
): Promise<Lists[Name]> {
  const cloud: Cloud = cloudOf(controller, provider.type);
  const read = cloud.showcase?.[name];
  if (read === undefined) throw new Refusal("invalid", `${cloud.title} has no ${name}`, { field: "provider_id" });
  return await cached(controller, provider, part, signal, async (call) => (await read(call)) as Lists[Name]);
}

interface Shown {
  /** The last word of the path. */
  path: string;
  /** The one member of the answer. */
  member: string;
  summary: string;
  item: Schema;
  query?: readonly QueryParameter[];
  read(api: VpsApi, provider: Provider, principal: Principal, query: Query, signal: AbortSignal): Promise<object[]>;
}

const images: Shown = {
  path: "images",
  member: "images",
  summary: "List images",
  item: IMAGE,
  query: [PROVIDER, TYPE],
  read: async (api, provider, principal, { type }, signal) =>
    (await imagesOf(api, provider, principal, type, signal)).map(image),
};
const regions: Shown = {
  path: "regions",
  member: "regions",
  summary: "List regions",
  item: REGION,
  read: async (api, provider, _principal, _query, signal) =>
    (await listed(api, provider, "regions", signal, "regions")).map(region),
};
const sizes = (path: string): Shown => ({
  path,
  member: path,
  summary: "List sizes with list prices",
  item: SIZE,
  read: async (api, provider, _principal, _query, signal) => (await sizesOf(api, provider, signal)).map(size),
});
const marketplace: Shown = {
  path: "marketplace",
  member: "apps",
  summary: "List one-click applications",
  item: APP,
  read: async (api, provider, _principal, _query, signal) => (await appsOf(api, provider, signal)).map(app),
};
const stackscripts: Shown = {
  path: "stackscripts",
  member: "stackscripts",
  summary: "List the account's StackScripts",
  item: SCRIPT,
  read: async (api, provider, _principal, _query, signal) => (await scriptsOf(api, provider, signal)).map(script),
};

const catalogRoute = (type: string, { path, member, summary, item, query = [PROVIDER], read }: Shown): VpsRoute =>
  vpsRoute<unknown, Query>({
    id: `${type}.${path}`,
    method: "get",
    path: `/api/vps/${type}/${path}`,
    tag: type,
    documented: true,
    admin: false,
    summary,
    query,
    answer: { status: 200, description: "All of them.", schema: record({ [member]: listOf(item) }) },
    run: async (api, { principal, query, signal }) => {
      const provider = providerFor(await api.view(), type, query.provider_id);
      return { body: { [member]: await read(api, provider, principal, query, signal) } };
    },
  });

/** What providers sell, each list in the same form whoever sells it. */
export const catalogRoutes: readonly VpsRoute[] = [
  ...[marketplace, images, sizes("sizes"), regions].map((one) => catalogRoute("digitalocean", one)),
  ...[stackscripts, images, sizes("types"), regions].map((one) => catalogRoute("linode", one)),
];
