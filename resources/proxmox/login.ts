import type { Account, Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { request } from "../http.ts";
import { apiPath, transport, wordsOf } from "./wire.ts";

interface Session {
  headers: Record<string, string>;
  secrets: string[];
  madeAt: number;
}

/** Tickets last two hours. */
const RENEW_AFTER_MS = 100 * 60_000;

/** Logins of accounts that use a password, for as long as the account's object lives. */
const sessions = new WeakMap<Account, Promise<Session>>();

/**
 * Headers that authenticate a request: the API token, or the ticket of a login with the CSRF token that writes need.
 * @throws {FleetError} CREDENTIAL_MISSING, CLOUD_AUTH, and whatever the login's request throws
 */
export async function authenticate(call: Call): Promise<{ headers: Record<string, string>; secrets: string[] }> {
  const { token } = call.account.credentials;
  if (token) return { headers: { authorization: `PVEAPIToken=${token}` }, secrets: [] };
  const current = await sessions.get(call.account)?.catch(() => undefined);
  if (current && Date.now() - current.madeAt < RENEW_AFTER_MS) return current;
  // One login for all who wait for it.
  const login = logIn(call);
  sessions.set(call.account, login);
  login.catch(() => sessions.delete(call.account));
  return login;
}

/** Forgets a login that the server no longer accepts; false when there is none to forget. */
export function forgetLogin(account: Account): boolean {
  return sessions.delete(account);
}

async function logIn(call: Call): Promise<Session> {
  const { username, password } = call.account.credentials;
  if (!username || !password) {
    const message = `account ${call.account.spec.name}: Proxmox VE needs the credential token, or username and password`;
    throw new FleetError("CREDENTIAL_MISSING", message, { account: call.account.spec.name });
  }
  const { body } = await request<{ data?: { ticket?: unknown; CSRFPreventionToken?: unknown } }>(call, {
    cloud: "Proxmox VE",
    method: "POST",
    path: apiPath(call.account, "/access/ticket"),
    form: { username, password },
    scopes: ["api"],
    idempotent: true,
    errorOf: (_status, answer) => wordsOf(answer),
    ...transport(call.account),
  });
  const { ticket, CSRFPreventionToken: csrf } = body?.data ?? {};
  if (typeof ticket !== "string" || typeof csrf !== "string") {
    throw new FleetError("CLOUD_ANSWER_INVALID", "Proxmox VE answered a login without a ticket", {
      account: call.account.spec.name,
    });
  }
  return {
    headers: { cookie: `PVEAuthCookie=${encodeURIComponent(ticket)}`, csrfpreventiontoken: csrf },
    secrets: [ticket, csrf],
    madeAt: Date.now(),
  };
}
