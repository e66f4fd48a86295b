import type { ServerPatch } from "../control.ts";
import { markIn } from "../mark.ts";
import type { SimulatedServer } from "../simulator.ts";
import { IMAGES, REGIONS, TYPES } from "./catalog.ts";
import type { Machines } from "./machines.ts";
import type { Linode, LinodeStatus, LinodeWorld } from "./world.ts";

const STATUS_OF: Record<SimulatedServer["power"], LinodeStatus> = {
  running: "running",
  stopped: "offline",
  suspended: "billing_suspension",
};

/** Out-of-band access: no validation of labels, no events, no time taken. */
export class LinodeControl {
  #world: LinodeWorld;
  #machines: Machines;

  constructor(world: LinodeWorld, machines: Machines) {
    this.#world = world;
    this.#machines = machines;
  }

  servers(): SimulatedServer[] {
    return this.#world.linodes.values().map(serverView);
  }

  addForeign(patch: ServerPatch): SimulatedServer {
    const { size = "g6-nanode-1", region = "us-east", image = "linode/debian12" } = patch;
    check({ size, region, image });
    const wanted = {
      label: patch.name,
      type: size,
      region,
      image,
      booted: true,
      tags: patch.tags ?? [],
      group: "",
      backups: false,
      privateIp: false,
      hasUserData: false,
      swapSizeMb: 512,
    };
    return serverView(this.#machines.add(wanted, STATUS_OF[patch.power ?? "running"]));
  }

  change(id: string, patch: ServerPatch): SimulatedServer | undefined {
    const linode = this.#world.linodes.get(id);
    if (!linode) return undefined;
    check(patch);
    this.#machines.halt(linode);
    if (patch.name !== undefined) linode.label = patch.name;
    if (patch.size !== undefined) linode.type = patch.size;
    if (patch.region !== undefined) linode.region = patch.region;
    if (patch.image !== undefined) linode.image = patch.image;
    if (patch.power !== undefined) linode.status = STATUS_OF[patch.power];
    if (patch.tags !== undefined) {
      linode.tags = patch.tags;
      this.#world.knowTags(patch.tags);
    }
    this.#world.touch(linode);
    return serverView(linode);
  }

  remove(id: string): boolean {
    const linode = this.#world.linodes.get(id);
    if (linode) this.#machines.remove(linode);
    return linode !== undefined;
  }
}

function check({ size, region, image }: ServerPatch): void {
  if (size !== undefined && !TYPES.has(size))
    throw new Error(`no type ${size}; there are ${[...TYPES.keys()].join(", ")}`);
  if (region !== undefined && !REGIONS.has(region)) {
    throw new Error(`no region ${region}; there are ${[...REGIONS.keys()].join(", ")}`);
  }
  if (image !== undefined && !IMAGES.has(image)) {
    throw new Error(`no image ${image}; there are ${[...IMAGES.keys()].join(", ")}`);
  }
}

function serverView(linode: Linode): SimulatedServer {
  const mark = markIn(linode.tags);
  const isUp = linode.status === "running" || linode.status === "rebooting" || linode.status === "booting";
  return {
    id: String(linode.id),
    name: linode.label,
    tags: linode.tags,
    size: linode.type,
    region: linode.region,
    ...(linode.image === null ? {} : { image: linode.image }),
    power: linode.status === "billing_suspension" ? "suspended" : isUp ? "running" : "stopped",
    status: linode.status,
    ...(mark === undefined ? {} : { mark }),
  };
}
