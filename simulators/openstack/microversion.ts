import type { Context } from "hono";
import { ApiError, novaError } from "./errors.ts";

/** Zed, and the oldest. */
export const MAX_MINOR = 93;

/** The minor part of the microversion that a request asks for; 1 when it asks for none. @throws {ApiError} 400, 406 */
export function minorOf(headers: Headers): number {
  const general = headers.get("openstack-api-version");
  const own = general?.split(",").flatMap((part) => /^\s*compute\s+(\S+)\s*$/.exec(part)?.[1] ?? [])[0];
  const asked = own ?? headers.get("x-openstack-nova-api-version") ?? "2.1";
  if (asked === "latest") return MAX_MINOR;
  const match = /^(\d+)\.(\d+)$/.exec(asked);
  if (!match) {
    throw novaError(400, `API Version String ${asked} is of invalid format. Must be of format MajorNum.MinorNum.`);
  }
  const minor = Number(match[2]);
  if (match[1] !== "2" || minor < 1 || minor > MAX_MINOR) {
    const message = `Version ${asked} is not supported by the API. Minimum is 2.1 and maximum is 2.${MAX_MINOR}.`;
    throw new ApiError(406, message, { computeFault: { code: 406, message } });
  }
  return minor;
}

export function markVersion(c: Context, minor: number): void {
  c.header("openstack-api-version", `compute 2.${minor}`);
  c.header("x-openstack-nova-api-version", `2.${minor}`);
  c.header("vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version");
}
