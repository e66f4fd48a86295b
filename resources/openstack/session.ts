import type { Account, Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { request } from "../http.ts";
import { identityOf } from "./credentials.ts";
import { wordsOf } from "./words.ts";

/** An address of the service catalogue. */
export interface CatalogEndpoint {
  interface: string;
  region: string;
  url: string;
}

/** A token of Keystone, and where it may be sent: the addresses that this Keystone itself named with it. */
export interface Session {
  token: string;
  /** Epoch in milliseconds: some time before it ends, because some work goes on for minutes. */
  renewAt: number;
  projectId: string;
  userId: string;
  /** Names, of whom and of what it is. */
  user: string;
  project: string;
  roles: string[];
  /** Whether Keystone was spoken to by TLS. */
  secure: boolean;
  /** By type of service: `compute`, `network`, `image`. */
  catalog: ReadonlyMap<string, CatalogEndpoint[]>;
  /** Microversion of nova, once it has been asked. */
  computeVersion?: Promise<string>;
}

const MARGIN_MS = 5 * 60_000;

/** Sessions for as long as their account's object lives. Never stored. */
const sessions = new WeakMap<Account, Promise<Session>>();

/**
 * The account's token, from memory where it still lasts.
 * @throws {FleetError} CREDENTIAL_MISSING, CLOUD_AUTH, CLOUD_ANSWER_INVALID, and whatever the login's request throws
 */
export async function sessionOf(call: Call): Promise<Session> {
  const current = sessions.get(call.account);
  // The login of another caller may have failed for that caller's reasons, such as its deadline.
  const shared = await current?.catch(() => undefined);
  if (shared && Date.now() < shared.renewAt) return shared;
  const waiting = sessions.get(call.account);
  if (waiting && waiting !== current) return waiting;
  const login = logIn(call);
  sessions.set(call.account, login);
  login.catch(() => {
    if (sessions.get(call.account) === login) sessions.delete(call.account);
  });
  return login;
}

/** Forgets a token that is no longer accepted, unless another caller has a new one already. */
export async function forgetSession(account: Account, refused: Session): Promise<void> {
  const current = sessions.get(account);
  if (current && (await current.catch(() => undefined)) === refused && sessions.get(account) === current) {
    sessions.delete(account);
  }
}

async function logIn(call: Call): Promise<Session> {
  const path = /\/v3\/*$/.test(call.account.endpoint) ? "/auth/tokens" : "/v3/auth/tokens";
  const { body, headers } = await request(call, {
    cloud: "openstack",
    method: "POST",
    path,
    json: { auth: identityOf(call.account) },
    scopes: ["api"],
    // A second token does no harm.
    idempotent: true,
    errorOf: (_status, answer) => wordsOf(answer),
  });
  const token = headers.get("x-subject-token");
  const described = (body as { token?: TokenBody } | null)?.token;
  const expiresAt = Date.parse(described?.expires_at ?? "");
  const { project, user, catalog } = described ?? {};
  if (!token || Number.isNaN(expiresAt) || typeof user?.id !== "string") {
    throw new FleetError("CLOUD_ANSWER_INVALID", "openstack answered a login without a token", {
      account: call.account.spec.name,
    });
  }
  if (typeof project?.id !== "string" || !Array.isArray(catalog)) {
    const message = `account ${call.account.spec.name}: the login is for no project; options.projectName or options.projectId names one`;
    throw new FleetError("FLEET_INVALID", message, { account: call.account.spec.name });
  }
  return {
    token,
    renewAt: expiresAt - Math.min(MARGIN_MS, (expiresAt - Date.now()) / 10),
    projectId: project.id,
    userId: user.id,
    user: String(user.name ?? user.id),
    project: String(project.name ?? project.id),
    roles: (described?.roles ?? []).flatMap(({ name }) => (typeof name === "string" ? [name] : [])),
    secure: call.account.endpoint.startsWith("https:"),
    catalog: new Map(catalog.map((service) => [service.type, endpointsOf(service)])),
  };
}

interface TokenBody {
  expires_at?: string;
  project?: { id?: unknown; name?: unknown };
  user?: { id?: unknown; name?: unknown };
  roles?: { name?: unknown }[];
  catalog?: CatalogService[];
}

interface CatalogService {
  type: string;
  endpoints?: { interface?: unknown; region?: unknown; region_id?: unknown; url?: unknown }[];
}

function endpointsOf({ endpoints = [] }: CatalogService): CatalogEndpoint[] {
  return endpoints.flatMap((endpoint) => {
    const { url, interface: kind } = endpoint;
    if (typeof url !== "string" || typeof kind !== "string" || !URL.canParse(url)) return [];
    return [
      { url: url.replace(/\/+$/, ""), interface: kind, region: String(endpoint.region_id ?? endpoint.region ?? "") },
    ];
  });
}
