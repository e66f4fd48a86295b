import { FleetError } from "./errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Names addresses that an operator lets credentials go to: `ACCOUNT=URL` or `*=URL`, parted by commas. */
export const ENDPOINTS_VARIABLE = "FLEETWRIGHT_ENDPOINTS";

/** Lets every account go to this machine, at any port: for simulated clouds, which listen where there is room. */
export const SIMULATORS_ALLOWED = "*=http://127.0.0.1:*";

/**
 * An address in the one form that is compared and stored: host in lower case, no default port, no slash at the end. Undefined where it is none, or
 * has a user name, a query or a fragment.
 */
export function canonicalEndpoint(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, pathname, username, password, search, hash } = new URL(text);
  if (!["http:", "https:"].includes(protocol) || username || password || search || hash) return undefined;
  return `${protocol}//${host}${pathname.replace(/\/+$/, "")}`;
}

export function isLoopback(endpoint: string): boolean {
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : "";
  return host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}

/**
 * Whether the operator's environment lets an account's credentials go to an address: by FLEETWRIGHT_ENDPOINTS.
 * @throws {FleetError} USAGE when an entry of it cannot be read: taken for nothing it would say that nobody has allowed anything.
 */
export function isAllowedByEnvironment(account: string, endpoint: string, environment: Environment): boolean {
  const entries = (environment[ENDPOINTS_VARIABLE] ?? "").split(",").filter((entry) => entry.trim() !== "");
  return entries.map(parsed).some(({ name, fits }) => (name === "*" || name === account) && fits(endpoint));
}

/** Whether the variable `NAME_ENDPOINT` beside the variable `NAME` has this address, of several parted by commas. */
export function isAllowedBeside(variable: string, endpoint: string, environment: Environment): boolean {
  const allowed = (environment[`${variable}_ENDPOINT`] ?? "").split(",").map((text) => canonicalEndpoint(text.trim()));
  return allowed.includes(endpoint);
}

function parsed(entry: string): { name: string; fits: (endpoint: string) => boolean } {
  const [, name, url] = /^\s*(\*|[a-z0-9-]+)\s*=\s*(\S+)\s*$/.exec(entry) ?? [];
  if (name === undefined || url === undefined) throw unreadable(entry, "ACCOUNT=URL is wanted");
  const anyPort = /^(https?:\/\/[^/]+):\*\/*$/.exec(url)?.[1];
  if (anyPort !== undefined) {
    const place = canonicalEndpoint(anyPort);
    if (place === undefined || !isLoopback(place)) throw unreadable(entry, "any port may be said of this machine only");
    return { name, fits: (endpoint) => withoutPort(endpoint) === place };
  }
  const place = canonicalEndpoint(url);
  if (place === undefined)
    throw unreadable(entry, "an http(s) address without user name, query and fragment is wanted");
  return { name, fits: (endpoint) => endpoint === place };
}

function withoutPort(endpoint: string): string | undefined {
  const url = new URL(endpoint);
  url.port = "";
  return canonicalEndpoint(url.href);
}

/** The address may hold more than is meant to be seen, where somebody has put a password into it. */
function unreadable(entry: string, why: string): FleetError {
  const [name] = entry.split("=");
  return new FleetError("USAGE", `${ENDPOINTS_VARIABLE}: the entry of "${name?.trim().slice(0, 64)}": ${why}`, {});
}
