import { Hono } from "hono";
import { novaError } from "./errors.ts";
import { bodyOf, invalid, jsonOf, type NovaApp, type NovaContext, requireAdmin } from "./nova-request.ts";
import { addAggregate } from "./seed.ts";
import { isoSeconds } from "./wire.ts";
import type { Aggregate, World } from "./world.ts";

/** Host aggregates: sets of hosts with metadata. A host may be in several, but in one availability zone only. */
export function aggregateRoutes(world: World): NovaApp {
  const app: NovaApp = new Hono();
  const RULE = "os_compute_api:os-aggregates";
  app.use("/os-aggregates/*", async (c, next) => {
    requireAdmin(c, `${RULE}:index`);
    await next();
  });
  app.use("/os-aggregates", async (c, next) => {
    requireAdmin(c, `${RULE}:index`);
    await next();
  });
  const found = (c: NovaContext): Aggregate => {
    const id = c.req.param("id") ?? "";
    if (!/^\d+$/.test(id)) throw novaError(400, "Invalid input for query parameters aggregate_id.");
    const aggregate = world.aggregates.get(Number(id));
    if (!aggregate) throw novaError(404, `Aggregate ${id} could not be found.`);
    return aggregate;
  };
  const touched = (aggregate: Aggregate): void => {
    aggregate.updatedAt = world.clock.now();
  };
  const checkUnique = (name: string, except?: Aggregate) => {
    for (const aggregate of world.aggregates.values()) {
      if (aggregate !== except && aggregate.name === name) throw novaError(409, `Aggregate ${name} already exists.`);
    }
  };

  app.get("/os-aggregates", (c) => c.json({ aggregates: [...world.aggregates.values()].map((one) => view(one, c)) }));
  app.get("/os-aggregates/:id", (c) => c.json({ aggregate: view(found(c), c) }));

  app.post("/os-aggregates", async (c) => {
    const { name, availability_zone: zone = null, ...rest } = await bodyOf(c, "aggregate");
    const unknown = Object.keys(rest)[0];
    if (unknown)
      throw invalid("aggregate", rest, `Additional properties are not allowed ('${unknown}' was unexpected)`);
    if (typeof name !== "string" || name === "" || name.length > 255)
      throw invalid("name", name, `'${name}' is too short`);
    checkUnique(name);
    const made = addAggregate(world, name, { zone: zone as string | null });
    // The answer to a create shows neither hosts nor metadata.
    const { hosts, metadata, ...shown } = view(made, c);
    return c.json({ aggregate: shown });
  });

  app.put("/os-aggregates/:id", async (c) => {
    const aggregate = found(c);
    const { name, availability_zone: zone } = await bodyOf(c, "aggregate");
    if (name !== undefined) {
      checkUnique(String(name), aggregate);
      aggregate.name = String(name);
    }
    if (zone !== undefined) setZone(aggregate, zone as string | null, world);
    touched(aggregate);
    return c.json({ aggregate: view(aggregate, c) });
  });

  app.delete("/os-aggregates/:id", (c) => {
    const aggregate = found(c);
    if (aggregate.hosts.length > 0) {
      throw novaError(400, `Cannot remove aggregate: Invalid aggregate action delete: Aggregate is not empty`);
    }
    world.aggregates.delete(aggregate.id);
    return c.body(null, 200);
  });

  app.post("/os-aggregates/:id/action", async (c) => {
    const aggregate = found(c);
    const body = await jsonOf(c);
    const {
      add_host: add,
      remove_host: remove,
      set_metadata: set,
    } = body as {
      add_host?: { host?: string };
      remove_host?: { host?: string };
      set_metadata?: { metadata?: Record<string, string | null> };
    };
    if (add) addHost(aggregate, String(add.host), world);
    else if (remove) removeHost(aggregate, String(remove.host), world);
    else if (set) {
      for (const [key, value] of Object.entries(set.metadata ?? {})) {
        if (key === "availability_zone") setZone(aggregate, value, world);
        else if (value === null) delete aggregate.metadata[key];
        else aggregate.metadata[key] = value;
      }
    } else throw novaError(400, `Invalid input for field/attribute action.`);
    touched(aggregate);
    return c.json({ aggregate: view(aggregate, c) });
  });
  return app;
}

function addHost(aggregate: Aggregate, host: string, world: World): void {
  if (!world.hosts.has(host)) throw novaError(404, `Compute host ${host} could not be found.`);
  if (aggregate.hosts.includes(host)) {
    throw novaError(
      409,
      `Cannot add host to aggregate ${aggregate.id}. Reason: Aggregate ${aggregate.id} already has host ${host}.`,
    );
  }
  const zones = [...world.aggregates.values()].filter((other) => other.zone && other.hosts.includes(host));
  const other = zones.find(({ zone }) => aggregate.zone && zone !== aggregate.zone);
  if (other) {
    throw novaError(
      409,
      `Cannot perform action 'add_host' on aggregate ${aggregate.id}. Reason: One or more hosts already in availability zone(s) ['${other.zone}'].`,
    );
  }
  const moved = aggregate.zone && aggregate.zone !== world.zoneOf(host);
  if (moved && world.servers.values().some((server) => server.host === host)) {
    throw novaError(409, `Cannot add host to aggregate ${aggregate.id}. Reason: Host contains instances.`);
  }
  aggregate.hosts.push(host);
}

function removeHost(aggregate: Aggregate, host: string, world: World): void {
  if (!world.hosts.has(host)) throw novaError(404, `Compute host ${host} could not be found.`);
  if (!aggregate.hosts.includes(host)) {
    throw novaError(404, `Cannot remove host ${host} in aggregate ${aggregate.id}: not found`);
  }
  aggregate.hosts = aggregate.hosts.filter((name) => name !== host);
}

function setZone(aggregate: Aggregate, zone: string | null, world: World): void {
  if (
    aggregate.hosts.some((host) => world.servers.values().some((server) => server.host === host)) &&
    zone !== aggregate.zone
  ) {
    throw novaError(
      409,
      `Cannot update aggregate ${aggregate.id}. Reason: One or more hosts contain instances in this zone.`,
    );
  }
  aggregate.zone = zone;
  if (zone === null) delete aggregate.metadata.availability_zone;
  else aggregate.metadata.availability_zone = zone;
}

function view({ id, uuid, name, zone, hosts, metadata, createdAt, updatedAt }: Aggregate, c: NovaContext) {
  const instant = (ms: number) => isoSeconds(ms).replace("Z", ".000000");
  return {
    id,
    ...(c.get("minor") >= 41 ? { uuid } : {}),
    name,
    availability_zone: zone,
    hosts,
    metadata,
    created_at: instant(createdAt),
    updated_at: updatedAt === null ? null : instant(updatedAt),
    deleted: false,
    deleted_at: null,
  };
}
