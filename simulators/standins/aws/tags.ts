import type { XmlElement } from "../../../resources/aws/xml.ts";
import type { PropertyMap, PropertyValue } from "../../../resources/plugin/handler.ts";
import { isMap } from "../../../resources/plugin/paths.ts";
import type { AwsClient } from "./client.ts";

export function tagsOf(value: PropertyValue | undefined): Record<string, string> {
  if (value === undefined || value === null || typeof value !== "object" || !isMap(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));
}

/** As they stand in state; what AWS itself wrote is left out. */
export function tagsIn(element: XmlElement): PropertyMap {
  const tags = (element.tagSet ?? []) as unknown as { key: string; value: string }[];
  return Object.fromEntries(tags.filter(({ key }) => !key.startsWith("aws:")).map(({ key, value }) => [key, value]));
}

/** Those that are gone first, then those that are new or changed. */
export async function retag(
  client: AwsClient,
  region: string,
  id: string,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const written = Object.entries(after).filter(([key, value]) => before[key] !== value);
  const resource = { "ResourceId.1": id };
  if (gone.length > 0) {
    const keys = Object.fromEntries(gone.map((key, index) => [`Tag.${index + 1}.Key`, key]));
    await client.ec2(region, "DeleteTags", { ...resource, ...keys }, signal);
  }
  if (written.length > 0) {
    const pairs = written.map(([key, value], index) => ({
      [`Tag.${index + 1}.Key`]: key,
      [`Tag.${index + 1}.Value`]: value,
    }));
    await client.ec2(region, "CreateTags", Object.assign({ ...resource }, ...pairs), signal);
  }
}
