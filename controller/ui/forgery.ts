import { createHmac, timingSafeEqual } from "node:crypto";
import { FleetError } from "../../resources/errors.ts";

/** Field of every form. */
export const TOKEN_FIELD = "token";

/** What only pages of this session know: made of the cookie's value, which scripts cannot read and no other site can set. */
export const tokenOf = (cookie: string): string => createHmac("sha256", cookie).update("form").digest("base64url");

/**
 * Refuses forms that another site has sent, by what browsers say of where they come from and by the token.
 * @throws {FleetError} FORBIDDEN
 */
export function refuseForged(headers: Headers, host: string, cookie: string | undefined, token: string | null): void {
  const isRight = cookie !== undefined && isSame(tokenOf(cookie), token ?? "");
  if (isOwnSite(headers, host) && isRight) return;
  throw new FleetError("FORBIDDEN", "the form is not of this page, or too old: load the page again and send it anew");
}

function isOwnSite(headers: Headers, host: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin");
  return origin !== null && URL.canParse(origin) && new URL(origin).host === host;
}

function isSame(wanted: string, given: string): boolean {
  const [one, other] = [Buffer.from(wanted), Buffer.from(given)];
  return one.length === other.length && timingSafeEqual(one, other);
}
