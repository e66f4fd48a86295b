import type { MiddlewareHandler } from "hono";
import { type LimitScope, RateLimiter } from "../limits.ts";
import { EquinixError } from "./errors.ts";

const MINUTE: LimitScope = { name: "minute", limit: 100, windowMs: 60_000 };

/** Lets requests with the token in, 100 in any minute. */
export function gatekeeper(options: {
  token: string;
  rateScale: number | undefined;
  now: () => number;
}): MiddlewareHandler {
  const limiter = new RateLimiter({ scale: options.rateScale, now: options.now });
  return async (c, next) => {
    if (c.req.header("x-auth-token") !== options.token) throw new EquinixError(401, "Invalid authentication token");
    const state = limiter.take("token", [MINUTE]);
    if (state && !state.allowed) {
      c.header("retry-after", String(Math.max(1, Math.ceil((state.resetAtMs - options.now()) / 1000))));
      throw new EquinixError(429, "Rate limit exceeded");
    }
    await next();
  };
}
