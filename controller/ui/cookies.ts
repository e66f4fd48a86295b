import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";

/** `session`: of a sign-in. `form`: of a browser that has not signed in, for the one form that it gets. `issuer`: of one that signs in elsewhere. */
type CookieKind = "session" | "form" | "issuer";

/** TLS ends at a proxy. One that lies about it gets a cookie that it cannot send back, and nothing else. */
const isSecure = (c: Context): boolean =>
  new URL(c.req.url).protocol === "https:" || c.req.header("x-forwarded-proto")?.split(",", 1)[0]?.trim() === "https";

const nameOf = (kind: CookieKind, c: Context): string => `${isSecure(c) ? "__Host-" : ""}fleetwright-${kind}`;

const LONGEST = 1000;

export function cookieOf(c: Context, kind: CookieKind): string | undefined {
  const value = getCookie(c, nameOf(kind, c));
  return value === undefined || value.length > LONGEST ? undefined : value;
}

export function giveCookie(c: Context, kind: CookieKind, value: string, maxAgeSeconds?: number): void {
  setCookie(c, nameOf(kind, c), value, {
    path: "/",
    httpOnly: true,
    // Whoever comes back from the issuer comes from another site.
    sameSite: kind === "issuer" ? "Lax" : "Strict",
    secure: isSecure(c),
    ...(maxAgeSeconds !== undefined && { maxAge: maxAgeSeconds }),
  });
}

export function takeCookie(c: Context, kind: CookieKind): void {
  deleteCookie(c, nameOf(kind, c), { path: "/", secure: isSecure(c) });
}
