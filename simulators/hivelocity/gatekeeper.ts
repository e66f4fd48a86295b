import type { MiddlewareHandler } from "hono";
import { type LimitScope, type LimitState, RateLimiter } from "../limits.ts";
import { HivelocityError } from "./errors.ts";

const HOUR: LimitScope = { name: "hour", limit: 3_600, windowMs: 3_600_000 };
const MINUTE: LimitScope = { name: "minute", limit: 100, windowMs: 60_000 };

/** Lets requests with the key in, and counts them by the address they come from: here there is one. */
export function gatekeeper(options: {
  token: string;
  rateScale: number | undefined;
  now: () => number;
}): MiddlewareHandler {
  const limiter = new RateLimiter({ scale: options.rateScale, now: options.now });

  return async (c, next) => {
    const state = limiter.take("address", [HOUR, MINUTE]);
    if (state) {
      for (const [name, value] of Object.entries(headersOf(state, options.now()))) c.header(name, value);
      if (!state.allowed) throw new HivelocityError(429, "Your IP is rate limited.");
    }
    if (c.req.header("x-api-key") !== options.token)
      throw new HivelocityError(401, "The server could not verify that you are authorized to access this URL.");
    await next();
  };
}

/** Reset is told in seconds that are left. */
function headersOf({ scope, remaining, resetAtMs }: LimitState, now: number): Record<string, string> {
  return {
    "x-ratelimit-limit": String(scope.limit),
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-reset": String(Math.max(0, Math.ceil((resetAtMs - now) / 1000))),
  };
}
