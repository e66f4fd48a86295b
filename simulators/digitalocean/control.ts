import type { ServerPatch } from "../control.ts";
import { markIn } from "../mark.ts";
import type { SimulatedServer } from "../simulator.ts";
import { findImage, type Image, REGIONS, SIZES } from "./catalog.ts";
import type { Machines } from "./machines.ts";
import type { DigitalOceanWorld, Droplet } from "./world.ts";

const STATUS_OF: Record<SimulatedServer["power"], Droplet["status"]> = {
  running: "active",
  stopped: "off",
  suspended: "archive",
};

/** Out-of-band access: no validation of names, no actions, no time taken. */
export class DigitalOceanControl {
  #world: DigitalOceanWorld;
  #machines: Machines;

  constructor(world: DigitalOceanWorld, machines: Machines) {
    this.#world = world;
    this.#machines = machines;
  }

  servers(): SimulatedServer[] {
    return this.#world.droplets.values().map(serverView);
  }

  addForeign(patch: ServerPatch): SimulatedServer {
    const { size = "s-1vcpu-1gb", region = "nyc3", image = "debian-12-x64" } = patch;
    check({ size, region });
    const wanted = {
      size,
      region,
      image: imageOf(image),
      tags: patch.tags ?? [],
      backups: false,
      ipv6: false,
      monitoring: false,
      privateNetworking: false,
      agent: false,
      vpcUuid: undefined,
    };
    const name = patch.name ?? `foreign-${this.#world.ids.hex(6)}`;
    return serverView(this.#machines.add(name, wanted, STATUS_OF[patch.power ?? "running"]));
  }

  change(id: string, patch: ServerPatch): SimulatedServer | undefined {
    const droplet = this.#world.droplets.get(id);
    if (!droplet) return undefined;
    check(patch);
    const image = patch.image === undefined ? droplet.image : imageOf(patch.image);
    this.#machines.halt(droplet);
    droplet.image = image;
    if (patch.name !== undefined) droplet.name = patch.name;
    if (patch.size !== undefined) droplet.size = patch.size;
    if (patch.region !== undefined) droplet.region = patch.region;
    if (patch.power !== undefined) droplet.status = STATUS_OF[patch.power];
    if (patch.tags !== undefined) droplet.tags = this.#world.knowTags(patch.tags);
    this.#world.droplets.changed(droplet);
    return serverView(droplet);
  }

  remove(id: string): boolean {
    const droplet = this.#world.droplets.get(id);
    if (droplet) this.#machines.remove(droplet);
    return droplet !== undefined;
  }
}

function check({ size, region }: ServerPatch): void {
  if (size !== undefined && !SIZES.has(size))
    throw new Error(`no size ${size}; there are ${[...SIZES.keys()].join(", ")}`);
  if (region !== undefined && !REGIONS.has(region)) {
    throw new Error(`no region ${region}; there are ${[...REGIONS.keys()].join(", ")}`);
  }
}

function imageOf(key: string): Image {
  const image = findImage(key);
  if (!image) throw new Error(`no image ${key}`);
  return image;
}

function serverView(droplet: Droplet): SimulatedServer {
  const mark = markIn(droplet.tags);
  return {
    id: String(droplet.id),
    name: droplet.name,
    tags: droplet.tags,
    size: droplet.size,
    region: droplet.region,
    image: droplet.image.slug,
    power: droplet.status === "active" ? "running" : droplet.status === "archive" ? "suspended" : "stopped",
    status: droplet.status,
    ...(mark === undefined ? {} : { mark }),
  };
}
