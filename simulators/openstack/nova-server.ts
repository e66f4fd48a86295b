import { novaError } from "./errors.ts";
import { invalid, isAdmin, type NovaContext, projectOf } from "./nova-request.ts";
import type { SimServer, World } from "./world.ts";

/** The server that the path names, if the caller may see it. @throws {ApiError} 404 */
export function found(c: NovaContext, world: World): SimServer {
  const id = c.req.param("id") ?? "";
  const server = world.servers.get(id);
  if (!server || (server.project !== projectOf(c) && !isAdmin(c))) {
    throw novaError(404, `Instance ${id} could not be found.`);
  }
  return server;
}

export function checkLock(c: NovaContext, server: SimServer): void {
  if (server.locked && !isAdmin(c)) throw novaError(409, `Instance ${server.id} is locked`);
}

export function touch(server: SimServer, world: World): void {
  server.updatedAt = world.clock.now();
  world.servers.changed(server);
}

/** @throws {ApiError} 400 */
export function checkName(name: unknown): string {
  if (typeof name !== "string" || name === "") throw invalid("name", name, `'${name}' is too short`);
  if (name.length > 255) throw invalid("name", name, `'${name}' is too long`);
  if (name !== name.trim()) throw invalid("name", name, `'${name}' does not match the format of a name`);
  return name;
}
