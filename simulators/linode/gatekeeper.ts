import type { Context, MiddlewareHandler } from "hono";
import { type LimitScope, RateLimiter } from "../limits.ts";
import { LinodeError } from "./errors.ts";

const MINUTE_MS = 60_000;
const PAGED: LimitScope = { name: "paged GETs", limit: 200, windowMs: MINUTE_MS };
const GENERAL: LimitScope = { name: "general", limit: 1600, windowMs: MINUTE_MS };
const CREATE: LimitScope = { name: "creating Linodes", limit: 20, windowMs: 15_000 };

const LISTS =
  /\/(types|kernels|regions|availability|images|instances|disks|configs|events|firewalls|devices|sshkeys|stackscripts|tags(\/[^/]+)?)$/;
const PUBLIC = /^\/v4(beta)?\/(linode\/(types|kernels)|regions|images)(\/|$)/;

/** Lets requests with the token in, and public ones; counts them towards the limits of their kind. */
export function gatekeeper(options: {
  token: string;
  rateScale: number | undefined;
  now: () => number;
}): MiddlewareHandler {
  const limiter = new RateLimiter({ scale: options.rateScale, now: options.now });

  return async (c, next) => {
    const caller = callerOf(c, options.token);
    const state = limiter.take(caller, scopesOf(c.req.method, c.req.path));
    if (state && !state.allowed) {
      const refusal = refusalOf(state.scope.limit, state.resetAtMs, options.now());
      c.res = refusal;
      return;
    }
    await next();
    if (!state) return;
    c.res.headers.set("X-RateLimit-Limit", String(state.scope.limit));
    c.res.headers.set("X-RateLimit-Remaining", String(state.remaining));
    c.res.headers.set("X-RateLimit-Reset", String(Math.ceil(state.resetAtMs / 1000)));
  };
}

function callerOf(c: Context, token: string): string {
  const header = c.req.header("authorization");
  if (header === undefined && c.req.method === "GET" && PUBLIC.test(c.req.path)) return "public";
  if (header?.replace(/^bearer /i, "Bearer ") !== `Bearer ${token}`) {
    throw new LinodeError(401, [{ reason: "Invalid Token" }]);
  }
  return "user";
}

function scopesOf(method: string, path: string): LimitScope[] {
  if (method === "GET" && LISTS.test(path)) return [PAGED];
  if (method === "POST" && path.endsWith("/linode/instances")) return [GENERAL, CREATE];
  return [GENERAL];
}

function refusalOf(limit: number, resetAtMs: number, now: number): Response {
  return Response.json(
    { errors: [{ reason: "Too many requests" }] },
    {
      status: 429,
      headers: {
        "X-RateLimit-Limit": String(limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": String(Math.ceil(resetAtMs / 1000)),
        "Retry-After": String(Math.max(1, Math.ceil((resetAtMs - now) / 1000))),
      },
    },
  );
}
