import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { isNamed } from "./answers.ts";
import { listFlavors, listImages } from "./catalog.ts";
import { listAll } from "./lists.ts";

export const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** @throws {FleetError} FLEET_INVALID naming the flavors there are */
export async function flavorId(call: Call, name: string): Promise<string> {
  const flavors = await listFlavors(call);
  const found = flavors.find((flavor) => flavor.name === name);
  if (found) return found.id;
  throw none("flavor", name, flavors);
}

/** An id is taken as it is: nova says when there is no such image. @throws {FleetError} FLEET_INVALID */
export async function imageId(call: Call, image: string): Promise<string> {
  if (UUID.test(image)) return image;
  const found = await listImages(call, { name: image });
  if (found.length === 1) return found[0]!.id;
  if (found.length > 1) throw several("image", image, found);
  const all = await listImages(call);
  throw none(
    "image",
    image,
    all.map(({ name, id }) => ({ name: name ?? id })),
  );
}

/** @throws {FleetError} FLEET_INVALID */
export async function networkId(call: Call, network: string): Promise<string> {
  if (UUID.test(network)) return network;
  const options = { service: "network", path: "/networks", key: "networks" } as const;
  const found = await listAll(call, { ...options, query: { name: network }, isItem: isNamed });
  if (found.length === 1) return found[0]!.id;
  if (found.length > 1) throw several("network", network, found);
  throw none("network", network, await listAll(call, { ...options, isItem: isNamed }));
}

function none(kind: string, name: string, all: readonly { name: string }[]): FleetError {
  const names = all.map((item) => item.name).sort();
  const some = names.length > 12 ? [...names.slice(0, 12), "…"] : names;
  return new FleetError("FLEET_INVALID", `${kind}: there is no ${name}; there are ${some.join(", ") || "none"}`, {
    [kind]: name,
  });
}

function several(kind: string, name: string, all: readonly { id: string }[]): FleetError {
  const ids = all.map((item) => item.id).join(", ");
  return new FleetError("FLEET_INVALID", `${kind}: several are called ${name}; name one by its id: ${ids}`, {
    [kind]: name,
  });
}
