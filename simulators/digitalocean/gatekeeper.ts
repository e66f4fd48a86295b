import type { MiddlewareHandler } from "hono";
import { type LimitScope, type LimitState, RateLimiter } from "../limits.ts";
import { DigitalOceanError } from "./errors.ts";

const HOUR: LimitScope = { name: "hour", limit: 5000, windowMs: 3_600_000 };
const BURST: LimitScope = { name: "minute", limit: 250, windowMs: 60_000 };
const KEY_LISTS: LimitScope = { name: "key lists", limit: 10, windowMs: 60_000 };

/** Lets requests with the token in, and counts them in sliding windows of an hour and of a minute. */
export function gatekeeper(options: {
  token: string;
  rateScale: number | undefined;
  now: () => number;
}): MiddlewareHandler {
  const limiter = new RateLimiter({ scale: options.rateScale, now: options.now });

  return async (c, next) => {
    if (c.req.header("authorization")?.replace(/^bearer /i, "Bearer ") !== `Bearer ${options.token}`) {
      throw new DigitalOceanError("unauthorized", "Unable to authenticate you");
    }
    const isKeyList = c.req.method === "GET" && /\/account\/keys$/.test(c.req.path);
    const state = limiter.take("token", isKeyList ? [HOUR, BURST, KEY_LISTS] : [HOUR, BURST]);
    if (!state) return next();
    for (const [name, value] of Object.entries(headersOf(state, options.now()))) c.header(name, value);
    if (!state.allowed) throw new DigitalOceanError("too_many_requests", "API rate limit exceeded.");
    await next();
  };
}

/** The headers tell of the hour; when to try again is told only where one of the short limits refuses. */
function headersOf(state: LimitState, now: number): Record<string, string> {
  const hour = state.scopes.find(({ scope }) => scope === HOUR);
  const isBurst = !state.allowed && state.scope !== HOUR;
  return {
    "ratelimit-limit": String(HOUR.limit),
    "ratelimit-remaining": String(hour?.remaining ?? 0),
    "ratelimit-reset": String(Math.ceil((hour?.resetAtMs ?? now) / 1000)),
    ...(isBurst ? { "retry-after": String(Math.max(1, Math.ceil((state.resetAtMs - now) / 1000))) } : {}),
  };
}
