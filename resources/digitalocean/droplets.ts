import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { type Droplet, isDroplet } from "./answers.ts";
import { digitaloceanList, digitaloceanObject } from "./http.ts";

/** GPU droplets are on a list of their own: the plain one leaves them out. */
export async function allDroplets(call: Call): Promise<Droplet[]> {
  return distinct(await Promise.all([read(call, {}), read(call, { type: "gpus" })]));
}

/** Droplets that carry a tag. The look-up by tag cannot be joined with the one by type, so GPU droplets are picked from their list. */
export async function taggedDroplets(call: Call, tag: string): Promise<Droplet[]> {
  const found = await Promise.all([read(call, { tag_name: tag }), read(call, { type: "gpus" })]);
  return distinct(found).filter((droplet) => droplet.tags.includes(tag));
}

function read(call: Call, query: Record<string, string>): Promise<Droplet[]> {
  return digitaloceanList<Droplet>(call, "/v2/droplets", "droplets", isDroplet, query);
}

function distinct(lists: Droplet[][]): Droplet[] {
  return [...new Map(lists.flat().map((droplet) => [droplet.id, droplet])).values()];
}

/** One of them; undefined only when DigitalOcean itself says that it is gone. @throws {FleetError} FLEET_INVALID for what is no id */
export async function dropletOf(id: string, call: Call): Promise<Droplet | undefined> {
  if (!/^\d{1,15}$/.test(id)) {
    throw new FleetError("FLEET_INVALID", `"${id}" is no id of a droplet: these are numbers`, {
      cloud: "digitalocean",
      server: id,
    });
  }
  return await digitaloceanObject<Droplet>(call, `/v2/droplets/${id}`, "droplet", isDroplet);
}
