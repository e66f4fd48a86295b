import { Hono } from "hono";
import { createTagCodec } from "../../resources/tags.ts";
import { type Clock, routeOf, type ServerPatch, type SimulatedCloud } from "../kit.ts";
import { markIn } from "../mark.ts";
import type { SimulatedServer } from "../simulator.ts";
import { glance } from "./glance.ts";
import type { Identity } from "./identity.ts";
import { keystone } from "./keystone.ts";
import { neutron } from "./neutron.ts";
import { nova } from "./nova.ts";
import { placement } from "./placement.ts";
import { PROJECT, plainServer, VARIETY } from "./seed.ts";
import { statusOf } from "./server-view.ts";
import { DEFAULT_ZONE, type Flavor, type SimServer, type World } from "./world.ts";

const MARK_KEY = "fleetwright";
const codec = createTagCodec(/[\s\S]/);

/** The whole cloud for the kit: each service under a path of its own, and Keystone at the root too. A size is a flavor's name, a region a zone. */
export class SimulatedOpenStack implements SimulatedCloud {
  readonly cloud = "openstack";
  readonly variety = VARIETY;
  readonly app: Hono;
  readonly clock: Clock;
  readonly #world: World;

  constructor(world: World, identity: Identity) {
    this.#world = world;
    this.clock = world.clock;
    this.app = new Hono()
      .mount("/identity", keystone(identity, "/identity").fetch)
      .mount("/compute", nova(world, identity).fetch)
      .mount("/network", neutron(world, identity).fetch)
      .mount("/image", glance(world, identity).fetch)
      .mount("/placement", placement(world, identity).fetch)
      .mount("/", keystone(identity, "").fetch);
  }

  servers(): SimulatedServer[] {
    return this.#world.servers.values().map((server) => this.#view(server));
  }

  addForeign(patch: ServerPatch): SimulatedServer {
    const world = this.#world;
    const now = world.clock.now();
    const zone = patch.region ?? DEFAULT_ZONE;
    const host = [...world.hosts.values()].find(({ name }) => world.zoneOf(name) === zone);
    if (!host) throw new Error(`no availability zone ${zone}`);
    const image = [...world.images.values()].find(
      ({ name, id }) => name === (patch.image ?? "debian-12") || id === patch.image,
    );
    const server = plainServer(
      world,
      {
        name: "by-hand",
        flavor: this.#flavor("m1.small"),
        image: image?.id,
        zone,
        host: host.name,
      },
      now,
    );
    const [network] = world.usableNetworks(PROJECT.id);
    if (network)
      world.addPort(network, PROJECT.id, { device: server.id, deviceOwner: `compute:${zone}`, ofServer: true });
    this.#apply(server, patch);
    world.servers.add(server);
    return this.#view(server);
  }

  change(id: string, patch: ServerPatch): SimulatedServer | undefined {
    const server = this.#world.servers.get(id);
    if (!server) return undefined;
    this.#apply(server, patch);
    // Tags are metadata, which nova's `updated` knows nothing of.
    if (Object.keys(patch).some((field) => field !== "tags")) server.updatedAt = this.#world.clock.now();
    this.#world.servers.changed(server);
    return this.#view(server);
  }

  remove(id: string): boolean {
    const server = this.#world.servers.get(id);
    if (server) this.#world.removeServer(server);
    return server !== undefined;
  }

  errorBody(status: number, message: string): unknown {
    return { [status === 404 ? "itemNotFound" : "computeFault"]: { code: status, message } };
  }

  routeOf(path: string): string {
    return routeOf(path.replace(/(\/os-keypairs)\/[^/]+$/, "$1/:name"));
  }

  #flavor(name: string): Flavor {
    const flavor = [...this.#world.flavors.values()].find((candidate) => candidate.name === name);
    if (!flavor) throw new Error(`no flavor ${name}`);
    return flavor;
  }

  #apply(server: SimServer, patch: ServerPatch): void {
    const { name, tags, size, region, power } = patch;
    if (name !== undefined) server.name = name;
    if (tags !== undefined) server.metadata = metadataOf(tags);
    if (size !== undefined) server.flavor = this.#flavor(size);
    if (region !== undefined) {
      const host = [...this.#world.hosts.values()].find((candidate) => this.#world.zoneOf(candidate.name) === region);
      if (!host) throw new Error(`no availability zone ${region}`);
      server.host = host.name;
    }
    if (power !== undefined) {
      server.vm = power === "running" ? "active" : power;
      server.task = null;
    }
  }

  #view(server: SimServer): SimulatedServer {
    const tags = tagsOf(server.metadata);
    const mark = markIn([server.metadata[MARK_KEY] ?? ""]);
    const image = server.image === undefined ? undefined : this.#world.images.get(server.image)?.name;
    return {
      id: server.id,
      name: server.name,
      tags,
      size: server.flavor.name,
      region: server.host === undefined ? server.zone : this.#world.zoneOf(server.host),
      power:
        server.vm === "suspended" || server.vm === "paused"
          ? "suspended"
          : server.vm === "active"
            ? "running"
            : "stopped",
      status: statusOf(server),
      ...(image ? { image } : {}),
      ...(mark ? { mark } : {}),
    };
  }
}

/** Tags as the fleet has them: `key:value`, the key alone for an empty value, and the mark. */
function metadataOf(tags: readonly string[]): Record<string, string> {
  const mark = markIn(tags);
  const labels = Object.entries(codec.labelsOf(tags) ?? {}).map(([key, value]) => [key, value ?? ""] as const);
  return { ...Object.fromEntries(labels), ...(mark ? { [MARK_KEY]: mark } : {}) };
}

function tagsOf(metadata: Readonly<Record<string, string>>): string[] {
  return Object.entries(metadata)
    .map(([key, value]) => (key === MARK_KEY ? value : codec.tagOf(key, value || null)))
    .sort();
}
