import type { Context, Hono } from "hono";
import { type ApiError, novaError } from "./errors.ts";
import type { Token } from "./identity.ts";
import type { Viewer } from "./server-view.ts";
import { originOf } from "./wire.ts";

/** What routes of nova have in common: who asks, at which microversion, and with what. */
export type NovaApp = Hono<{ Variables: { token: Token; minor: number } }>;
export type NovaContext = Context<{ Variables: { token: Token; minor: number } }>;

export const isAdmin = (c: NovaContext): boolean => c.get("token").roles.includes("admin");

/** @throws {ApiError} 403 */
export function requireAdmin(c: NovaContext, rule: string): void {
  if (!isAdmin(c)) throw novaError(403, `Policy doesn't allow ${rule} to be performed.`);
}

export const projectOf = (c: NovaContext): string => c.get("token").project?.id ?? "";

export function viewerOf(c: NovaContext): Viewer {
  return { origin: originOf(c.req.raw), minor: c.get("minor"), admin: isAdmin(c) };
}

/** The body's one object of this name. @throws {ApiError} 400 */
export async function bodyOf(c: NovaContext, name: string): Promise<Record<string, unknown>> {
  const body = await jsonOf(c);
  const value = body[name];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw novaError(
      400,
      `Invalid input for field/attribute ${name}. Value: ${JSON.stringify(value ?? null)}. '${name}' is a required property`,
    );
  }
  return value as Record<string, unknown>;
}

/** @throws {ApiError} 400 */
export async function jsonOf(c: NovaContext): Promise<Record<string, unknown>> {
  const body: unknown = await c.req.json().catch(() => undefined);
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw novaError(400, "Malformed request body");
}

export function invalid(field: string, value: unknown, why: string): ApiError {
  return novaError(400, `Invalid input for field/attribute ${field}. Value: ${JSON.stringify(value)}. ${why}`);
}
