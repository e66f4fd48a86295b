import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";

/** The address that a request comes from. */
export function sourceOf(c: Context): string {
  try {
    return getConnInfo(c).remote.address ?? "";
  } catch {
    // Not by a connection: a test asks.
    return "";
  }
}
