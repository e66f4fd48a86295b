import type { MiddlewareHandler } from "hono";
import { type LimitScope, RateLimiter } from "../limits.ts";
import { VultrError } from "./errors.ts";

const SECOND: LimitScope = { name: "second", limit: 30, windowMs: 1_000 };

/** What is for sale is told without a key. */
const PUBLIC = /^\/v2\/(regions(\/[^/]+\/availability)?|plans|plans-metal|os|applications)\/?$/;

/** Counts requests by the address that they come from, and lets those with the key in. */
export function gatekeeper(options: {
  token: string;
  rateScale: number | undefined;
  now: () => number;
}): MiddlewareHandler {
  const limiter = new RateLimiter({ scale: options.rateScale, now: options.now });

  return async (c, next) => {
    const state = limiter.take("loopback", [SECOND]);
    if (state?.allowed === false) throw new VultrError(429, "Rate limit exceeded, please try again later.");
    const given = c.req.header("authorization")?.replace(/^bearer /i, "Bearer ");
    const isPublic = c.req.method === "GET" && PUBLIC.test(c.req.path) && given === undefined;
    if (!isPublic && given !== `Bearer ${options.token}`) throw new VultrError(401, "Invalid API token.");
    await next();
  };
}
