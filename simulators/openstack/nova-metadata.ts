import { novaError } from "./errors.ts";
import { bodyOf, invalid, type NovaApp, projectOf } from "./nova-request.ts";
import { checkLock, found } from "./nova-server.ts";
import type { SimServer, World } from "./world.ts";

const KEY = /^[a-zA-Z0-9\-_:. ]{1,255}$/;

/** @throws {ApiError} 400, 403 */
export function checkMetadata(metadata: unknown, most: number): Record<string, string> {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    throw invalid("metadata", metadata, `${JSON.stringify(metadata)} is not of type 'object'`);
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (!KEY.test(key)) {
      throw invalid("metadata", metadata, `Additional properties are not allowed ('${key}' was unexpected)`);
    }
    if (typeof value !== "string") throw invalid(key, value, `${JSON.stringify(value)} is not of type 'string'`);
    if (value.length > 255) throw invalid(key, value, `'${value}' is too long`);
  }
  if (Object.keys(metadata).length > most) throw novaError(403, `Maximum number of metadata items exceeds ${most}`);
  return { ...(metadata as Record<string, string>) };
}

/** Metadata has a table of its own in nova: a change of it alone leaves `updated` as it was, and so is not in `changes-since`. */
export function metadataRoutes(app: NovaApp, world: World): void {
  const checkState = (server: SimServer) => {
    if (!["active", "paused", "suspended", "stopped"].includes(server.vm) || server.task !== null) {
      const where = server.task === null ? `vm_state ${server.vm}` : `task_state ${server.task}`;
      throw novaError(409, `Cannot 'update metadata' instance ${server.id} while it is in ${where}`);
    }
  };
  app.get("/servers/:id/metadata", (c) => c.json({ metadata: found(c, world).metadata }));
  for (const method of ["post", "put"] as const) {
    app[method]("/servers/:id/metadata", async (c) => {
      const server = found(c, world);
      const given = checkMetadata(await bodyOf(c, "metadata"), world.quota(projectOf(c)).metadata_items);
      checkLock(c, server);
      checkState(server);
      server.metadata = method === "put" ? given : { ...server.metadata, ...given };
      world.servers.changed(server);
      return c.json({ metadata: server.metadata });
    });
  }
  app.get("/servers/:id/metadata/:key", (c) => {
    const { metadata } = found(c, world);
    const key = c.req.param("key");
    if (!Object.hasOwn(metadata, key)) throw novaError(404, "Metadata item was not found");
    return c.json({ meta: { [key]: metadata[key] } });
  });
  app.put("/servers/:id/metadata/:key", async (c) => {
    const server = found(c, world);
    const meta = checkMetadata(await bodyOf(c, "meta"), 1);
    if (!Object.hasOwn(meta, c.req.param("key"))) throw novaError(400, "Request body and URI mismatch");
    checkState(server);
    Object.assign(server.metadata, meta);
    world.servers.changed(server);
    return c.json({ meta });
  });
  app.delete("/servers/:id/metadata/:key", (c) => {
    const server = found(c, world);
    const key = c.req.param("key");
    if (!Object.hasOwn(server.metadata, key)) throw novaError(404, "Metadata item was not found");
    checkState(server);
    delete server.metadata[key];
    world.servers.changed(server);
    return c.body(null, 204);
  });
}
