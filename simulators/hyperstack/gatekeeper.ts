import type { MiddlewareHandler } from "hono";
import { type LimitScope, RateLimiter } from "../limits.ts";
import { errorBody, HyperstackError } from "./errors.ts";

const MINUTE_MS = 60_000;
const ALL: LimitScope = { name: "all", limit: 500, windowMs: MINUTE_MS };

/** Lets requests with the key in. Whoever sends more than 500 a minute, with whatever key, is shut out for a minute and not told for how long. */
export function gatekeeper(options: {
  token: string;
  rateScale: number | undefined;
  now: () => number;
}): MiddlewareHandler {
  const limiter = new RateLimiter({ scale: options.rateScale, now: options.now });
  let shutOutUntil = 0;

  return async (c, next) => {
    const now = options.now();
    if (now >= shutOutUntil && limiter.take("address", [ALL])?.allowed === false) {
      shutOutUntil = now + MINUTE_MS / (options.rateScale ?? 1);
    }
    if (now < shutOutUntil) return c.json(errorBody(429, "Too many requests"), 429);
    const key = c.req.header("api_key");
    if (key === undefined) throw new HyperstackError("unauthorized", "Authorization header or API key is missing");
    if (key !== options.token) throw new HyperstackError("unauthorized", "Invalid API key");
    await next();
  };
}
