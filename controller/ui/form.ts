import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";
import { FleetError } from "../../resources/errors.ts";
import { refuseForged, TOKEN_FIELD } from "./forgery.ts";

const FORM_TYPE = "application/x-www-form-urlencoded";

/** @throws {FleetError} USAGE for what is no form; FORBIDDEN for one of another site */
export async function formOf(c: Context, cookie: string | undefined): Promise<URLSearchParams> {
  if (c.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase() !== FORM_TYPE)
    throw new FleetError("USAGE", `a form is sent as ${FORM_TYPE}`, {});
  const form = new URLSearchParams(await c.req.text());
  const host = c.req.header("host") ?? new URL(c.req.url).host;
  refuseForged(c.req.raw.headers, host, cookie, form.get(TOKEN_FIELD));
  return form;
}

/** The address that a request comes from. */
export function sourceOf(c: Context): string {
  try {
    return getConnInfo(c).remote.address ?? "unknown";
  } catch {
    return "unknown"; // It came by no socket.
  }
}
