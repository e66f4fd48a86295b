import { Hono } from "hono";
import { novaError } from "./errors.ts";
import { deleteServer } from "./lifecycle.ts";
import { actionRoute } from "./nova-actions.ts";
import { remoteConsole } from "./nova-consoles.ts";
import { createServers } from "./nova-create.ts";
import { interfaceRoutes } from "./nova-interfaces.ts";
import { metadataRoutes } from "./nova-metadata.ts";
import {
  bodyOf,
  invalid,
  isAdmin,
  type NovaApp,
  type NovaContext,
  projectOf,
  requireAdmin,
  viewerOf,
} from "./nova-request.ts";
import { checkLock, checkName, found, touch } from "./nova-server.ts";
import { serverLinks, serverView, statusOf } from "./server-view.ts";
import { nextHref, pageOf } from "./wire.ts";
import type { SimServer, World } from "./world.ts";

const MAX_LIMIT = 1000;

/** Query parameters that nova knows; from 2.75 on it refuses others. */
const FILTERS = new Set(
  (
    "limit marker sort_key sort_dir name status flavor image host all_tenants project_id tenant_id user_id changes-since changes-before " +
    "deleted tags tags-any not-tags availability_zone metadata ip ip6 reservation_id vm_state task_state power_state key_name locked uuid " +
    "config_drive created_at launched_at terminated_at description hostname node root_device_name soft_deleted access_ip_v4 access_ip_v6"
  ).split(" "),
);

export function serverRoutes(world: World): NovaApp {
  const app: NovaApp = new Hono();

  const list = (c: NovaContext, view: (server: SimServer) => object) => {
    const query = c.req.query();
    const found = filtered(c, world, query);
    const { page, limit, nextMarker } = pageOf(found, query, {
      maxLimit: MAX_LIMIT,
      idOf: ({ id }) => id,
      missing: (marker) => novaError(400, `marker [${marker}] not found`),
      invalid: (value) => invalid("limit", value, `'${value}' does not match '^[0-9]*$'`),
    });
    const links = nextMarker ? { servers_links: [{ rel: "next", href: nextHref(c.req.raw, limit, nextMarker) }] } : {};
    return c.json({ servers: page.map(view), ...links });
  };
  app.get("/servers", (c) => {
    const { origin } = viewerOf(c);
    return list(c, ({ id, name }) => ({ id, name, links: serverLinks(id, origin) }));
  });
  app.get("/servers/detail", (c) => list(c, (server) => serverView(server, world, viewerOf(c))));

  app.post("/servers", async (c) => c.json({ server: await createServers(c, world) }, 202));

  app.get("/servers/:id", (c) =>
    c.json({ server: serverView(found(c, world), world, { ...viewerOf(c), alone: true }) }),
  );

  app.put("/servers/:id", async (c) => {
    const server = found(c, world);
    const { name, description, ...rest } = await bodyOf(c, "server");
    const unknown = Object.keys(rest).find(
      (key) => !["accessIPv4", "accessIPv6", "OS-DCF:diskConfig", "hostname"].includes(key),
    );
    if (unknown) {
      throw invalid("server", rest, `Additional properties are not allowed ('${unknown}' was unexpected)`);
    }
    if (name !== undefined) server.name = checkName(name);
    if (description !== undefined) server.description = description as string | null;
    touch(server, world);
    return c.json({ server: serverView(server, world, { ...viewerOf(c), alone: true }) });
  });

  app.delete("/servers/:id", (c) => {
    const server = found(c, world);
    checkLock(c, server);
    deleteServer(server, world);
    return c.body(null, 204);
  });

  app.post("/servers/:id/action", (c) => actionRoute(c, found(c, world), world));

  app.post("/servers/:id/remote-consoles", (c) => remoteConsole(c, found(c, world)));

  app.get("/servers/:id/os-security-groups", (c) => {
    const groups = new Set(world.portsOf(found(c, world).id).flatMap((port) => port.groups));
    const views = [...groups].flatMap((id) => {
      const group = world.groups.get(id);
      return group
        ? [{ id, name: group.name, description: group.description, tenant_id: group.project, rules: [] }]
        : [];
    });
    return c.json({ security_groups: views });
  });

  interfaceRoutes(app, world);

  app.get("/servers/:id/os-volume_attachments", (c) => {
    found(c, world);
    return c.json({ volumeAttachments: [] });
  });

  metadataRoutes(app, world);
  return app;
}

function filtered(c: NovaContext, world: World, query: Record<string, string>): SimServer[] {
  const unknown = Object.keys(query).find((key) => !FILTERS.has(key));
  if (unknown && c.get("minor") >= 75) {
    throw novaError(400, `Additional properties are not allowed ('${unknown}' was unexpected)`);
  }
  const admin = isAdmin(c);
  const all = query.all_tenants !== undefined && isTrue(query.all_tenants);
  if (all) requireAdmin(c, "os_compute_api:servers:detail:get_all_tenants");
  const { since, before } = windowOf(c, query);
  // What only administrators may filter by is passed over in silence for everybody else.
  const metadata = admin && query.metadata ? (JSON.parse(query.metadata) as Record<string, string>) : {};
  // A window tells also what went in it; the filter for it is for administrators only.
  const only = admin && query.deleted !== undefined ? isTrue(query.deleted) : undefined;
  const isWindow = since !== undefined || before !== undefined;
  const living = only === true ? [] : world.servers.listed();
  const dead = (only ?? isWindow) ? world.deleted.listed() : [];
  return [...living, ...dead]
    .filter((server) => all || server.project === projectOf(c))
    .filter((server) => !all || !query.project_id || server.project === query.project_id)
    .filter(({ name }) => !query.name || new RegExp(query.name, "i").test(name))
    .filter((server) => !query.status || statusOf(server) === query.status.toUpperCase())
    .filter(({ flavor }) => !query.flavor || flavor.id === query.flavor)
    .filter(({ image }) => !query.image || image === query.image)
    .filter(({ host }) => !admin || !query.host || host === query.host)
    .filter(({ updatedAt }) => since === undefined || inSeconds(updatedAt) >= since)
    .filter(({ updatedAt }) => before === undefined || inSeconds(updatedAt) <= before)
    .filter((server) => Object.entries(metadata).every(([key, value]) => server.metadata[key] === value))
    .filter(({ tags }) => !query.tags || query.tags.split(",").every((tag) => tags.includes(tag)))
    .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
}

const isTrue = (value: string): boolean => !/^(0|false|f|no)$/i.test(value);

/** Nova's database keeps instants in whole seconds. */
const inSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

/** `changes-since`, and from 2.66 on `changes-before`, both inclusive. @throws {ApiError} 400 */
function windowOf(c: NovaContext, query: Record<string, string>): { since?: number; before?: number } {
  const since = instantOf("changes-since", query);
  // Before, nova takes no notice of it, as of any parameter that it does not know.
  const before = c.get("minor") >= 66 ? instantOf("changes-before", query) : undefined;
  if (since !== undefined && before !== undefined && since > before) {
    throw novaError(400, "The value of changes-since must be less than or equal to changes-before.");
  }
  return { ...(since !== undefined && { since }), ...(before !== undefined && { before }) };
}

const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** ISO 8601; without a zone it is UTC. */
function instantOf(name: string, query: Record<string, string>): number | undefined {
  const value = query[name];
  if (value === undefined) return undefined;
  const hasZone = /T.*(Z|[+-]\d{2}:?\d{2})$/.test(value);
  const ms = INSTANT.test(value) ? Date.parse(hasZone || !value.includes("T") ? value : `${value}Z`) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw novaError(
      400,
      `Invalid input for query parameters ${name}. Value: ${value}. '${value}' is not a 'date-time'`,
    );
  }
  return ms;
}
