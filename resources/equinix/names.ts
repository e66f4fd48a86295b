import type { ServerProblem } from "../problems.ts";
import type { ServerSpec } from "../spec.ts";
import { createTagCodec } from "../tags.ts";

/** No limit is documented; this keeps labels within what others take. Commas part tags in Metal's own tools, so they are not plain. */
export const TAG_LENGTH = 255;
const codec = createTagCodec(/[a-z0-9._:/@-]/);

/** Tags as `observe` reports them once the server is as desired. The plugin compares them in order, so this is also the order they are written in. */
export function tagsOf(server: ServerSpec, mark: string): string[] {
  return [...codec.tagsOf(server.labels), mark].sort();
}

export const labelsOf = codec.labelsOf;

/** Keys have tags in the API and none in the plugin, so the mark ends the label. */
export function keyLabel(name: string, mark: string): string {
  return `${name} ${mark}`;
}

/** What Equinix Metal cannot take, by path in the server's file. */
export function problems(server: ServerSpec): ServerProblem[] {
  const tooLong = Object.entries(server.labels).flatMap(([key, value]) => {
    const { length } = codec.tagOf(key, value);
    const message = `makes a tag of ${length} characters; Equinix Metal gets ${TAG_LENGTH} at most`;
    return length > TAG_LENGTH ? [{ path: `labels.${key}`, message }] : [];
  });
  const underscored = server.hostname.includes("_");
  const message = "has an underscore, which Equinix Metal does not take";
  return underscored ? [{ path: "hostname", message }, ...tooLong] : tooLong;
}
