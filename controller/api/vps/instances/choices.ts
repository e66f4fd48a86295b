import type { Catalog } from "../../../../resources/catalog.ts";
import type { AccountSpec } from "../../../../resources/spec.ts";
import { isAboutAll, mayAs, type Principal } from "../../../people/principal.ts";
import { Refusal } from "../../dialect/refusal.ts";
import type { FleetView } from "../../fleet/view.ts";
import type { VpsApi } from "../api.ts";
import { appsOf, scriptsOf } from "../catalog.ts";
import type { Provider } from "../providers.ts";
import type { CreateBody } from "./body.ts";

const invalid = (field: string, why: string) => new Refusal("invalid", why, { field });

/** What is bought where, by what the cloud sells now; where that is not known, the cloud itself will say. @throws {Refusal} invalid, capacity */
export function orderOf(
  view: FleetView,
  { spec, type: cloud }: Provider,
  { type, region = spec.defaultRegion }: CreateBody,
): { region: string; plan?: string; size?: string } {
  if (region === undefined || region === null)
    throw invalid("region", "region is missing, and the provider has no default");
  const catalog: Catalog | undefined = view.desired.catalogs[spec.name];
  const size = catalog?.sizes.find(({ name }) => name === type);
  if (catalog !== undefined) {
    if (size === undefined) throw invalid("type", `the provider has no type ${JSON.stringify(type)}`);
    if (!catalog.regions.some(({ name }) => name === region))
      throw invalid("region", `the provider has no region ${JSON.stringify(region)}`);
    if (size.regions !== undefined && !size.regions.includes(region))
      throw new Refusal("capacity", `${type} is sold out in ${region}`, { field: "type" });
  }
  const plan = view.desired.plans.find(({ sizes, ended }) => sizes[cloud] === type && ended === undefined)?.name;
  return { region, ...(plan === undefined ? { size: type } : { plan }) };
}

/**
 * The image that is really installed: of an application where one is asked for, which then has to stand on the system that `image` is.
 * @throws {Refusal} invalid
 */
export async function imageOf(
  api: VpsApi,
  view: FleetView,
  provider: Provider,
  principal: Principal,
  { image, appSlug }: CreateBody,
  signal: AbortSignal,
): Promise<string> {
  if (!appSlug) {
    if (!image) throw invalid("image", "image is missing");
    return knownImage(view, provider.spec, principal, image);
  }
  const app = (await appsOf(api, provider, signal)).find(({ slug, image: own }) => slug === appSlug || own === appSlug);
  if (app === undefined) throw invalid("appSlug", `the provider has no application ${JSON.stringify(appSlug)}`);
  if (image && image !== app.image && !app.compatibleImages.includes(image))
    throw invalid("image", `${app.slug} does not run on ${image} (it does on: ${app.compatibleImages.join(", ")})`);
  return app.image;
}

/** The account's own images are there for admins alone. */
function knownImage(view: FleetView, { name }: AccountSpec, principal: Principal, image: string): string {
  const images = view.desired.catalogs[name]?.images;
  const found = images?.find((one) => one.name === image);
  const isOpen = found?.visibility !== "private" || (mayAs(principal, "admin") && isAboutAll(principal));
  if (images !== undefined && (found === undefined || !isOpen))
    throw invalid("image", `the provider has no image ${JSON.stringify(image)}`);
  return image;
}

/** Looks at the answers to a script's questions, as far as the script is one of the account's own. @throws {Refusal} invalid */
export async function checkScript(
  api: VpsApi,
  provider: Provider,
  { stackscriptId, stackscriptData }: CreateBody,
  image: string,
  signal: AbortSignal,
): Promise<void> {
  if (!stackscriptId) {
    if (stackscriptData && Object.keys(stackscriptData).length > 0)
      throw invalid("stackscriptData", "stackscriptData answers a StackScript's questions: stackscriptId is missing");
    return;
  }
  const script = (await scriptsOf(api, provider, signal)).find(({ id }) => id === stackscriptId);
  if (script === undefined) return;
  if (!script.images.includes("any/all") && !script.images.includes(image))
    throw invalid("image", `the StackScript ${script.label} is not for ${image}`);
  for (const { name, isRequired, oneOf } of script.fields) {
    const answer = stackscriptData?.[name];
    if (answer === undefined && isRequired) throw invalid("stackscriptData", `stackscriptData.${name} is missing`);
    if (answer !== undefined && oneOf.length > 0 && !oneOf.includes(answer))
      throw invalid("stackscriptData", `stackscriptData.${name} must be one of ${oneOf.join(", ")}`);
  }
}

/** Fields that only one cloud has, sent to another with a meaning. @throws {Refusal} invalid */
export function refuseForeign({ title, type }: Provider, body: CreateBody): void {
  const own: Readonly<Record<string, readonly (keyof CreateBody)[]>> = {
    digitalocean: ["vpc_uuid", "appSlug"],
    linode: ["privateIP", "stackscriptId", "stackscriptData"],
  };
  for (const [cloud, fields] of Object.entries(own))
    for (const field of fields) {
      const value = body[field];
      if (cloud !== type && value && Object.keys(Object(value)).length + Number(typeof value !== "object") > 0)
        throw invalid(field, `${title} takes no ${field}`);
    }
}
